# Results of earlier runs: compared with the plan before Snakemake builds on them or archives them; no rules.
from snakemake.io import IOFile


def report_of_this_study(wildcards):
    """The report, unless it was made with another config or code and Snakemake has no record to see that.

    Results that were copied without .snakemake would pass for up to date, whatever the config says.
    """
    if taken_as_it_is(REPORT):
        checked_record(PROVENANCE, REPORT_PLAN, REPORT)
    return REPORT


def tables_record(wildcards):
    """The record of the study's tables, for whoever reads one, unless it is of another config or code."""
    if taken_as_it_is(TABLES_MADE_BY):
        checked_record(TABLES_MADE_BY, TABLES_PLAN)
    return TABLES_MADE_BY


@cache
def taken_as_it_is(path):
    """Whether Snakemake would take a file for up to date whatever it was made with."""
    settings = workflow.dag_settings
    by_params = "PARAMS" in {trigger.name for trigger in workflow.rerun_triggers}
    known = workflow.persistence.metadata(IOFile(placed(path))) and by_params
    return (
        Path(placed(path)).exists()
        and (workflow.touch or not known)
        and not settings.forcerun
        and not (settings.forceall and not workflow.touch)
    )


def checked_record(path, planned, *files):
    """Compare a record with the plan; Snakemake would build on what does not fit."""
    try:
        records.checked(
            placed(path), records.Plan(**planned), [placed(file) for file in files]
        )
    except UserError as error:
        sys.exit(f"Error: {error}")


class Shown(dict):
    """A param with words of the user's, such as labels, of a rule whose outputs are archived.

    The archive holds a text of the params inside of a script, unescaped: no "<" may be in it. It stays the
    literal of the same dict, which is what the rule's script gets.
    """

    def __repr__(self):
        return super().__repr__().replace("<", r"\x3c")

    def __reduce__(self):
        return dict, (dict(self),)


class Recorded(Shown):
    """A param that is made of digests of files, for which the archive names the record that lists them.

    Snakemake compares it by `repr`, and shows it in the archive by `format`.
    """

    def __format__(self, spec):
        return f"{len(files_in(self))} files, see {PROVENANCE}"


def files_in(value):
    """The paths of a param's files of code, however deep they stand."""
    if not isinstance(value, dict):
        return set()
    found = {key for key in value if str(key).endswith(".py")}
    return found.union(*map(files_in, value.values()))


# The archive sorts them by name.
CATEGORIES = [
    "Report",
    "Comparison",
    "Learning",
    "Gradients",
    "Activations",
    "Theory",
    "Functions and data",
    "Tables",
]


def archived(path, caption, category, **labels):
    """An output that is shown in the archive of `snakemake --report`: where, and with which caption.

    The summary of a further probe has no caption of its own, but a general one.
    """
    category = f"{1 + CATEGORIES.index(category)}. {category}"
    if not (PAGES / "captions" / f"{caption}.rst").is_file():
        caption = "by_layer"
    caption = f"../report/captions/{caption}.rst"
    return report(path, caption=caption, category=category, labels=checked(labels))


def checked(labels):
    """Labels of an archived output, which are asked for when the archive is made: it is checked then."""

    def after_a_check(wildcards):
        check_archived()
        return labels

    return after_a_check


@cache
def check_archived():
    """Compare all that the archive of `snakemake --report` shows with the plan."""
    plans = {
        TABLES_MADE_BY: TABLES_PLAN,
        rules.figures.output.made_by: FIGURES_PLAN,
        rules.histogram_figures.output.made_by: HISTOGRAMS_PLAN,
        PROVENANCE: REPORT_PLAN,
    }
    try:
        for path, planned in plans.items():
            found = records.read(placed(path))
            found.expect(records.Plan(**planned))
            found.verify(found.paths())
            # What aggregation read, the blocks, was compared with the tables when these were made.
            if path != TABLES_MADE_BY:
                found.verify(found.paths("inputs"), "inputs")
    except UserError as error:
        sys.exit(f"Error: {error}")

# actbench: what does the activation function do to a network, at which depth, and how sure can we be?
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/common.smk"
include: "workflow/rules/records.smk"
include: "workflow/rules/handlers.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/references.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/checkpoint.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/aggregate.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/status.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/verify.smk"


if not AS_MODULE:  # its words are of this workflow's config

    report: "workflow/report/captions/workflow.rst"


rule all:
    default_target: True
    input:
        report_of_this_study,
        # All of it, so that nothing is missing after --keep-incomplete, with which Snakemake takes a failed
        # job for a finished one (https://github.com/snakemake/snakemake/issues/3808).
        rules.aggregate.output,
        rules.figures.output,
        rules.histogram_figures.output,
        rules.report.output,
    localrule: True
    message:
        f"Study {STUDY} is complete"


onstart:
    begin(workflow)


onsuccess:
    bottom_line.hide(logger)
    fork_server.stop()
    if asked_for(workflow, "all") and Path(REPORT).exists():
        print(f"Report: {REPORT}")


onerror:
    bottom_line.hide(logger)
    fork_server.stop()
    for sentence in FAILURES.messages():
        print(sentence, file=sys.stderr)

# What pages and figures are made from and show; no rules.

# Templates of the report's sections.
SCRIPTS_OF_PAGES = ("sort.js", "figures.js")
PARTIALS = sorted(f"sections/{path.name}" for path in PAGES.glob("sections/[!.]*.html"))


def page(template, *more):
    """A template, what every page shares with it, and `more`; a module's `prefix:` is not for them."""
    return [
        local(f"{PAGES}/{name}") if AS_MODULE else f"{PAGES}/{name}"
        for name in (
            template,
            "layout.html",
            "macros.html",
            "page.css",
            *SCRIPTS_OF_PAGES,
            *more,
        )
    ]


def shown_labels(depths=1):
    """The labels of the activations that a figure shows."""
    return {key: LABELS[key] for key in shown.activations(config, depths)}


def shown_figures(files):
    """Those of a rule's outputs that the page shows: images, and SVGs, which stand in it as `INLINED` has them."""
    return [path for path in files if path.endswith((".svg", ".png"))]


def without_places():
    """The resolved config less what never changes the study: data's place, device, what other targets read.

    As it can be run again, in the schema's order, since Snakemake compares params as text.
    """
    return {
        key: value
        for key, value in settings.written(config).items()
        if key not in configuration.PLACES
    }


def compared(path):
    """The path of a file of each of the studies that `snakemake compare` puts side by side."""

    def of_each(wildcards):
        if len(config["studies"]) < 2:
            sys.exit(
                'Config error: compare needs two studies or more: --config studies="[a, b]".'
            )
        for name in config["studies"]:
            needed = placed(f"results/{name}/config.yaml")
            if name != STUDY and not Path(needed).is_file():
                sys.exit(
                    f"Config error: studies: {name} has no {needed}; run that study first."
                )
        return [f"results/{name}/{path}" for name in config["studies"]]

    return of_each

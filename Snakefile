# actbench: what does the activation function do to a network, at which depth, and how sure can we be?
from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/aggregate.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/verify.smk"


rule all:
    default_target: True
    input:
        REPORT,
    localrule: True
    message:
        "Study {STUDY} is complete"


onstart:
    begin_progress(workflow)


onsuccess:
    if asked_for(workflow, "all") and Path(REPORT).exists():
        print(f"Report: {REPORT}")

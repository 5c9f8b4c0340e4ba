# What is done before the first job and after the last one; no rules.
from snakemake.utils import available_cpu_count

FAILURES = cluster.Failures()
TRAINS = ("tune", "train")  # rules whose jobs train networks


def asked_for(workflow, rule):
    """Whether a rule was a target of this run."""
    return any(job.rule.name == rule for job in workflow.dag.targetjobs)


def check_activations(planned):
    """Before anything trains, try the user's activations that are to be trained, and look for the critical points
    that are needed."""
    training = [job.wildcards for job in planned if job.rule.name in TRAINS]
    keys = {wildcards.activation for wildcards in training}
    own = {key: SPECS[key] for key in sorted(keys & SPECS.keys()) if OWN_FILES[key]}
    critical = {
        (wildcards.activation, network["bias_std"])
        for wildcards in training
        if (network := recipe_of(wildcards)["network"]).get("initialisation")
        == "critical"
    }
    if (own or critical) and preflight.has_torch():
        preflight.try_activations(
            SCRIPTS / "check_activations.py",
            own,
            code_of("check_activations") | every_own_code(),
            [(SPECS[key], std) for key, std in sorted(critical) if key in SPECS],
        )


def check_device(planned):
    """Try the GPU before anything trains, if jobs here are to use one.

    With `device: auto` all jobs take the CPU if no GPU can be used, and one line on the terminal says why.
    """
    wanted = GPU and any("gpu" in job.rule.resources for job in planned)
    if not wanted or not preflight.has_torch():
        return
    reason = preflight.why_no_gpu(SCRIPTS / "check_device.py")
    if reason and config["device"] == "cuda":
        raise UserError(devices.no_gpu(reason))
    if reason:
        logger.warning(devices.refuse(reason))


def of_grid(job):
    """A job's study, and its place in the grid, as `status.work` takes it."""
    keys = dict(job.wildcards)
    of = STUDIES[keys.get("study", STUDY)]
    blocks = grid.blocks(of["seeds"], of["seeds_per_job"])
    seeds = blocks.get(keys.get("block"), [0])
    place = (int(keys.get("depth", 0)), keys.get("setting", ""), len(seeds))
    return of, job.rule.name, *place


def task(job):
    """What the line at the bottom of the terminal says of a job."""
    of, *place = of_grid(job)
    title = status.title(of, job.rule.name, **dict(job.wildcards))
    return bottom_line.Task(job.rule.name, title, status.work(of, *place))


def tasks(workflow, planned):
    """The same of all that write files, by their numbers."""
    return {workflow.dag.jobid(job): task(job) for job in planned if job.output}


def say_how_long(workflow, planned):
    """Say how long this run will take, by steps of training on the CPU that are measured for a second."""
    found = preflight.seconds_of_steps(
        SCRIPTS / "measure_speed.py", estimate.asked(config)
    )
    if found is None:
        return
    loads = [estimate.load(*of_grid(job)) for job in planned]
    threads = max(recipe["training"]["threads"] for recipe in RECIPES)
    at_once = max(min(workflow.cores or 1, available_cpu_count()) // threads, 1)
    needed = estimate.seconds(loads, estimate.measured(config, found), at_once)
    logger.info(
        f"This will take about {waiting.duration(needed)}, {at_once} jobs at a time, if nothing else runs here."
    )


def begin(workflow):
    """Start the fork server; tell the jobs that train how many of them there are; on a cluster, ask whether it
    would take these jobs."""
    planned = list(workflow.dag.needrun_jobs())
    n_blocks = sum(job.rule.name in TRAINS for job in planned)
    streams.never_fail(logger.handlers)  # its log file is open now
    deployed = workflow.deployment_settings.deployment_method
    served = workflow.local_exec and not deployed and preflight.has_torch()
    if n_blocks and served:
        fork_server.start(SCRIPTS / "fork_server.py")
    try:
        if workflow.non_local_exec:
            study_files.check_handed_over(workflow.config_settings.config_args)
        if workflow.executor_plugin.name == "slurm":
            remote = [job for job in planned if not job.is_local]
            submitted = dict.fromkeys(
                workflow.dag.get_job_group(job) or job for job in remote
            )
            cluster.check(submitted, workflow.executor_settings)
            logger.addHandler(FAILURES)
        check_activations(planned)
        if not workflow.non_local_exec:
            check_device(planned)
        on_gpu = GPU and not devices.refused()
        if served and n_blocks >= estimate.WORTH and not on_gpu:
            say_how_long(workflow, planned)
        if n_blocks:
            progress.begin(PROGRESS, n_blocks)
        if not {"ALL", "PROGRESS"} & {
            kind.name for kind in workflow.output_settings.quiet or ()
        }:
            seen = PROGRESS if n_blocks else None
            bottom_line.show(logger, lambda: tasks(workflow, planned), seen)
    except UserError as error:
        sys.exit(f"Error: {error}")

# The environment of actbench, at the versions of requirements-cluster.txt; the project itself is mounted:
#   docker build --tag actbench .
#   docker run --rm --gpus all --volume "$PWD:/actbench" actbench snakemake --cores 4 --resources gpu=1
# docs/cluster.md says how Apptainer builds from it.
FROM python:3.12-slim-bookworm

# Jobs note the commit that they ran; Debian's point releases replace git's version, so none is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /actbench

COPY requirements-cluster.txt /opt/
RUN pip install --no-cache-dir --require-hashes --requirement /opt/requirements-cluster.txt

# Containers of a cluster run as their user, who may have no entry in passwd: caches go where any user may
# write, and Snakemake, which asks who runs it, has an answer.
ENV HOME=/tmp LOGNAME=actbench
WORKDIR /actbench
CMD ["snakemake", "--help"]

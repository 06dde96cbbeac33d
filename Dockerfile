# One image for docker, the devcontainer and Binder; book/elsewhere.md shows its use. The environment is the one that
# `make env` makes anywhere: scripts/bootstrap.sh installs what requirements.lock names, hashes included. It runs on the
# CPU, and on a GPU where the container is given one: torch brings CUDA along, the machine brings its driver.
FROM python:3.12-slim

# Binder passes these two.
ARG NB_USER=reader
ARG NB_UID=1000

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /bin/bash --uid "$NB_UID" "$NB_USER" \
    && install --directory --owner="$NB_UID" /book

USER $NB_UID
ENV HOME=/home/$NB_USER PATH=/book/.venv/bin:$PATH
WORKDIR /book

# The packages are a layer of their own, which the lock and the project's file decide. The library is installed in
# place, so empty files stand for it until the sources come.
COPY --chown=$NB_UID requirements.lock pyproject.toml ./
COPY --chown=$NB_UID scripts/bootstrap.sh scripts/
RUN mkdir inpaintlib \
    && touch README.md LICENSE inpaintlib/__init__.py \
    && UV_NO_CACHE=1 sh scripts/bootstrap.sh

COPY --chown=$NB_UID . .

CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]

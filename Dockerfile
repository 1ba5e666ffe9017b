# The emulator and its blob storage; docs/emulator.md says how to run it.
FROM debian:bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

ENV PATH=/opt/azml/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/opt/azml/cache

WORKDIR /opt/azml/source
COPY . .
RUN python3 -m venv /opt/azml \
    && pip install --no-cache-dir --disable-pip-version-check ".[fast,emulator]" \
    && python -m compileall -q /opt/azml/lib \
    && azml-contract doctor --install \
    && chmod -R a+rX /opt/azml \
    && rm -rf /opt/azml/source

WORKDIR /tmp
USER nobody
ENTRYPOINT ["azml-contract", "emulator"]

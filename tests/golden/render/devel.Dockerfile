# Made by envforge from a lock: PyTorch 2.6.0 (cu124), Python 3.11, debian:12, linux/amd64.
# Builds without envforge, with BuildKit: DOCKER_BUILDKIT=1 docker build .
# Behind a network that inspects TLS add: --secret id=ca_bundle,src=BUNDLE.pem

# The base: debian:12, made of the distribution's own packages; their digest is
# sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.
FROM scratch AS base
ADD base.tar /

# Everything that is installed. What several images share comes first, what changes most comes last.
FROM base AS environment

# Python, CA certificates and tini, with what they need.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=debs/foundation,target=/run/debs \
    sha256sum --check --quiet /run/debs/SHA256SUMS \
    && dpkg --unpack --force-depends --force-unsafe-io --recursive /run/debs \
    && env DEBIAN_FRONTEND=noninteractive dpkg --configure --force-unsafe-io --pending \
    && rm -rf /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache \
        /var/cache/debconf/config.dat-old /var/cache/debconf/templates.dat-old /var/lib/dpkg/status-old

# The virtual environment. uv is mounted, never installed.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=build,target=/run/build \
    /run/build/uv venv --no-config --no-cache --python=/usr/bin/python3.11 /opt/venv \
    && find /opt -newermt 2020-01-01T00:00:00Z -exec touch --no-dereference --date=2020-01-01T00:00:00Z '{}' +

# The CUDA libraries that this torch is built for, as its wheels pin them.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=build,target=/run/build \
    --mount=type=bind,source=requirements/cuda.txt,target=/run/requirements/cuda.txt \
    --mount=type=cache,id=envforge-uv,target=/run/cache,sharing=shared \
    --mount=type=secret,id=ca_bundle,target=/run/secrets/ca_bundle \
    --mount=type=secret,id=site,target=/run/secrets/site \
    sh /run/build/with-site https://pypi.org/simple /run/build/uv pip install --python=/opt/venv/bin/python \
        --no-config --no-deps --no-build --require-hashes --link-mode=copy --cache-dir=/run/cache \
        --requirements=/run/requirements/cuda.txt \
    && rm -f /opt/venv/.lock \
    && find /opt -newermt 2020-01-01T00:00:00Z -exec touch --no-dereference --date=2020-01-01T00:00:00Z '{}' +

# PyTorch itself. Up to here, every image with these versions has the same layers.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=build,target=/run/build \
    --mount=type=bind,source=requirements/torch.txt,target=/run/requirements/torch.txt \
    --mount=type=cache,id=envforge-uv,target=/run/cache,sharing=shared \
    --mount=type=secret,id=ca_bundle,target=/run/secrets/ca_bundle \
    --mount=type=secret,id=site,target=/run/secrets/site \
    sh /run/build/with-site https://pypi.org/simple /run/build/uv pip install --python=/opt/venv/bin/python \
        --no-config --no-deps --no-build --require-hashes --link-mode=copy --cache-dir=/run/cache \
        --requirements=/run/requirements/torch.txt \
    && rm -f /opt/venv/.lock \
    && find /opt -newermt 2020-01-01T00:00:00Z -exec touch --no-dereference --date=2020-01-01T00:00:00Z '{}' +

# NVIDIA's compiler with its headers, and what torch.utils.cpp_extension imports.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=build,target=/run/build \
    --mount=type=bind,source=requirements/toolkit.txt,target=/run/requirements/toolkit.txt \
    --mount=type=cache,id=envforge-uv,target=/run/cache,sharing=shared \
    --mount=type=secret,id=ca_bundle,target=/run/secrets/ca_bundle \
    --mount=type=secret,id=site,target=/run/secrets/site \
    sh /run/build/with-site https://pypi.org/simple /run/build/uv pip install --python=/opt/venv/bin/python \
        --no-config --no-deps --no-build --require-hashes --link-mode=copy --cache-dir=/run/cache \
        --requirements=/run/requirements/toolkit.txt \
    && rm -f /opt/venv/.lock \
    && find /opt -newermt 2020-01-01T00:00:00Z -exec touch --no-dereference --date=2020-01-01T00:00:00Z '{}' +

# The recipe's system packages.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=debs/image,target=/run/debs \
    sha256sum --check --quiet /run/debs/SHA256SUMS \
    && dpkg --unpack --force-depends --force-unsafe-io --recursive /run/debs \
    && env DEBIAN_FRONTEND=noninteractive dpkg --configure --force-unsafe-io --pending \
    && rm -rf /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache \
        /var/cache/debconf/config.dat-old /var/cache/debconf/templates.dat-old /var/lib/dpkg/status-old

# A toolkit's folder, as build scripts look for one, out of the wheels.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=from_source,target=/run/from_source \
    sh /run/from_source/cuda-home /opt/venv /opt/cuda \
    && find /opt -newermt 2020-01-01T00:00:00Z -exec touch --no-dereference --date=2020-01-01T00:00:00Z '{}' +

# The other Python packages: what torch needs, and the recipe's own.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=build,target=/run/build \
    --mount=type=bind,source=requirements/packages.txt,target=/run/requirements/packages.txt \
    --mount=type=cache,id=envforge-uv,target=/run/cache,sharing=shared \
    --mount=type=secret,id=ca_bundle,target=/run/secrets/ca_bundle \
    --mount=type=secret,id=site,target=/run/secrets/site \
    sh /run/build/with-site https://pypi.org/simple /run/build/uv pip install --python=/opt/venv/bin/python \
        --no-config --no-deps --no-build --require-hashes --link-mode=copy --cache-dir=/run/cache \
        --requirements=/run/requirements/packages.txt \
    && rm -f /opt/venv/.lock \
    && find /opt -newermt 2020-01-01T00:00:00Z -exec touch --no-dereference --date=2020-01-01T00:00:00Z '{}' +

# Not part of the image: what is really installed, read from inside. envforge compares it with the lock.
FROM environment AS installed
RUN --mount=type=bind,source=check,target=/run/check \
    mkdir /out \
    && /opt/venv/bin/python -I /run/check/installed.py /out/installed.json

# docker build --target envforge-check --output type=local,dest=DIR .
FROM scratch AS envforge-check
COPY --from=installed /out/ /

# The image.
FROM environment AS image

# The user, without a password; whoever had the uid before (Ubuntu's ubuntu) goes.
RUN sed -i -e '/^aiuser:/d' -e '/^[^:]*:[^:]*:1000:/d' /etc/passwd /etc/group \
    && sed -i -e '/^aiuser:/d' /etc/shadow \
    && printf '%s\n' aiuser:x:1000:1000::/home/aiuser:/bin/bash >> /etc/passwd \
    && printf '%s\n' aiuser:x:1000: >> /etc/group \
    && printf '%s\n' 'aiuser:*:::::::' >> /etc/shadow \
    && install -d -o 1000 -g 1000 /home/aiuser /workspace
COPY runtime/entrypoint /usr/local/bin/envforge-entrypoint

# No LD_LIBRARY_PATH: torch's wheels find their libraries themselves.
ENV PATH=/opt/venv/bin:/opt/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    VIRTUAL_ENV=/opt/venv \
    HOME=/home/aiuser \
    USER=aiuser \
    LANG=C.UTF-8 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    NVIDIA_REQUIRE_CUDA="cuda>=12.0" \
    CUDA_HOME=/opt/cuda \
    LIBRARY_PATH=/opt/cuda/lib64:/opt/cuda/lib64/stubs
WORKDIR /workspace

# Numeric, so that runAsNonRoot can be checked. Any other --user works as well.
USER 1000:1000
ENTRYPOINT ["/usr/bin/tini", "-g", "--", "/usr/local/bin/envforge-entrypoint"]
CMD ["/bin/bash"]
LABEL org.opencontainers.image.title=team/pytorch-cuda \
      org.opencontainers.image.base.name=debian:12 \
      dev.envforge.recipe-digest=sha256:... \
      dev.envforge.lock-digest=sha256:... \
      dev.envforge.data-digest=sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd \
      dev.envforge.torch=2.6.0 \
      dev.envforge.cuda=12.4 \
      dev.envforge.cuda-variant=cu124 \
      dev.envforge.cudnn=9.1.0.70 \
      dev.envforge.nccl=2.21.5 \
      dev.envforge.python=3.11

# A login shell (ssh) resets PATH; the environment's programs come first again.
export VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"
if [ -z "${TRITON_LIBCUDA_PATH:-}" ] && [ -d /opt/envforge/libcuda ]; then export TRITON_LIBCUDA_PATH=/opt/envforge/libcuda; fi

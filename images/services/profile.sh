# A login shell (ssh) resets PATH; the environment's programs come first again.
export VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH"

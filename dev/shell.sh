# What bash reads in `python3 dev/bootstrap.py shell`: `conda activate` for a conda from PyPI, which
# is without the shell functions that `conda init` sets up elsewhere.
conda() {
    case "$1" in
    activate | deactivate) eval "$(PS1=$PS1 command conda shell.posix "$@")" && hash -r ;;
    *) command conda "$@" ;;
    esac
}
PS1='(offline-repo) \w \$ '

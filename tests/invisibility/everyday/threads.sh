. "$SUITES/steps.sh"
mkdir place
compile threads "$SUITES/programs/threads.c" || exit 1
for part in thousand fork handlers cancel; do step "$part" "$RESULTS/threads" $part place; done
compile cancelled "$SOURCE/tests/cases/programs/cancelled_calls.c" && step cancelled-calls "$RESULTS/cancelled" place

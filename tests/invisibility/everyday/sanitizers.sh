. "$SUITES/steps.sh"
mkdir place
for sanitizer in address thread undefined leak; do
  for program in traces threads; do
    # A run time that is missing, or does not work here at all, is missing both ways.
    if compile "$sanitizer-$program" "$SUITES/programs/$program.c" -fsanitize=$sanitizer; then
      case $program in
        traces) step "$sanitizer-traces" "$RESULTS/$sanitizer-traces" place ;;
        threads) for part in fork handlers; do step "$sanitizer-$part" "$RESULTS/$sanitizer-threads" $part place; done ;;
      esac
    fi
  done
done

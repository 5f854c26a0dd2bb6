#!/bin/sh
# A few of the runs that "make chaos" makes, always the same.
RUNTAIL=${RUNTAIL:-$PWD/runtail}
RUNTAIL_SIM=${RUNTAIL_SIM:-$PWD/runtail-sim}
chaos=$(dirname "$RUNTAIL")/tests/chaos/chaos
export RUNTAIL RUNTAIL_SIM
for program in "$RUNTAIL" "$RUNTAIL_SIM" "$chaos"; do
    [ -x "$program" ] || {
        echo "skipped: no $program" >&2
        exit 77
    }
done
exec "$chaos" --seed 1 --seeds 25 --jobs 4

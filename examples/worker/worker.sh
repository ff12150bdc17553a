#!/bin/sh
# A worker for hinny that runs a command for each task. Needs curl and jq.
#
#     worker.sh URL SCHEDULER COMMAND [ARGUMENT...]
#
# The command reads the task's data from standard input. When it ends with 0 the task is completed,
# else it failed, for the reason that is the last line of its standard error.
set -u
url=${1%/} scheduler=$2
shift 2
wait=${HINNY_WAIT:-20}           # seconds that a pop waits for a task
heartbeat=${HINNY_HEARTBEAT:-10} # seconds between two; well within the lease
grace=${HINNY_GRACE:-30}         # seconds to finish a task after a signal
name=$(hostname)-$$
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Nothing is interrupted: a pop that was cut off might have been given a task.
stopped=
trap 'stopped=yes$stopped' TERM INT

# call METHOD PATH [BODY] prints the answer. Ends with 0, with 1 when hinny refuses, with 2 when it is
# away. The signals are for this script only, and the token is not for the list of processes.
call() {
    answer=$(
        trap '' TERM INT
        printf 'header = "%s"\n' "X-Worker: $name" 'Content-Type: application/json' \
            ${HINNY_TOKEN:+"Authorization: Bearer $HINNY_TOKEN"} |
            curl --config - --silent --show-error --max-time "$((wait + 10))" --request "$1" \
                --data-binary "${3:-}" --write-out '\n%{http_code}' "$url$2"
    ) || return 2
    code=$(printf '%s\n' "$answer" | tail -n 1)
    case $code in
    2??) printf '%s\n' "$answer" | sed '$d' ;;
    429 | 5??) return 2 ;;
    *) echo "$1 $2: $answer" >&2 && return 1 ;;
    esac
}

# insist TRIES METHOD PATH [BODY]: the same, until there is an answer or, after a signal, TRIES are over.
insist() {
    tries=$1 pause=1
    shift
    while :; do
        call "$@" && return 0
        [ $? = 1 ] && return 1
        [ -n "$stopped" ] && tries=$((tries - 1)) && [ "$tries" -le 0 ] && return 2
        echo "$1 $2: trying again in $pause s" >&2
        sleep "$pause"
        pause=$((pause * 2 > 10 ? 10 : pause * 2))
    done
}

# report STATUS [REASON]. When hinny stays away after a signal, the lease brings the task back.
report() {
    body=$(jq -cn --arg status "$1" --argjson attempt "$attempt" --arg reason "${2:-}" \
        '{$status, $attempt} + if $reason == "" then {} else {$reason} end')
    insist 6 PATCH "/tasks/$id" "$body" >/dev/null
}

# Runs the command, and sets what is to be reported.
carry_out() {
    rm -f "$folder/late" "$folder/lost"
    # Heartbeats go on as long as this is there: a signal alone can come before a shell that has just
    # begun listens to it.
    beating=$folder/$id-$attempt
    touch "$beating"
    "$@" <"$folder/data" 2>"$folder/said" &
    job=$!
    # `$$` is the worker itself: without it, nobody holds the task any more.
    while sleep "$heartbeat" && kill -0 $$ 2>/dev/null && [ -e "$beating" ]; do
        call POST "/tasks/$id/heartbeat" "{\"attempt\": $attempt}" >/dev/null
        # Refused: somebody else has the task, or nobody wants it.
        [ $? = 1 ] && mv "$beating" "$folder/lost" 2>/dev/null && kill "$job"
    done &
    beats=$! timer='' ended=127
    while :; do
        if [ -n "$stopped" ] && [ -z "$timer" ]; then
            (sleep "$grace" && touch "$folder/late" && kill "$job") &
            timer=$!
        fi
        seen=$stopped
        wait "$job" # a signal ends the wait, not the job; 127: its end was told already
        now=$?
        [ "$now" = 127 ] || ended=$now
        [ "$seen" = "$stopped" ] && break
    done
    rm -f "$beating"
    kill "$beats" $timer 2>/dev/null
    status=completed reason=
    [ "$ended" = 0 ] || status=failed reason=$(tail -n 1 "$folder/said" | cut -c 1-1000)
    [ "$status$reason" != failed ] || reason="the command ended with $ended"
    [ ! -e "$folder/late" ] || status=queued reason='the worker was stopped'
    [ ! -e "$folder/lost" ]
}

while [ -z "$stopped" ]; do
    popped=$(insist 1 POST "/schedulers/$scheduler/pop?limit=1&wait=$wait") || continue
    id=$(printf %s "$popped" | jq -r '.results[0].id // empty')
    [ -n "$id" ] || continue
    attempt=$(printf %s "$popped" | jq '.results[0].attempt')
    printf %s "$popped" | jq -c '.results[0].data' >"$folder/data"
    report running && carry_out "$@" && report "$status" "$reason" ||
        echo "task $id is not ours any more" >&2
done

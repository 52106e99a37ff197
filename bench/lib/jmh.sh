# shellcheck shell=bash
# Reads JMH's JSON.

# More bytes per operation than this are an allocation; JMH itself allocates a little between iterations.
# shellcheck disable=SC2034
ALLOCATION_LIMIT=0.05

# Benchmark with its parameters, score, error, bytes per operation, separated by tabs: a line each. The bytes are those of the
# iteration with the least: while the compilers are at work, everything allocates; what allocates always does so in each.
jmh_lines() { # FILE
  awk '
    function value(s) { sub(/^[^:]*: */, "", s); sub(/,$/, "", s); gsub(/"/, "", s); return s }
    function number(s) { s = value(s); return s == "NaN" ? 0 : s + 0 }
    function flush() { if (name != "") printf "%s%s\t%s\t%s\t%s\n", name, params, score, error, bytes; name = "" }
    /"benchmark" :/ { flush(); name = value($0); sub(/^.*\.bench\./, "", name); sub(/^dev\.verbena\./, "", name); params = ""; score = error = bytes = 0 }
    /"params" :/ { inside = 1; next }
    inside && /}/ { inside = 0 }
    inside { key = $0; sub(/^ *"/, "", key); sub(/".*/, "", key); params = params " " key "=" value($0) }
    /"primaryMetric" :/ { part = "primary" }
    /"secondaryMetrics" :/ { part = "" }
    /"gc.alloc.rate.norm" :/ { part = "bytes"; bytes = "" }
    /"score" :/ { if (part == "primary") score = number($0) }
    /"rawData" :/ { raw = 1; next }
    raw && part == "bytes" && /[0-9]/ { n = $0; gsub(/[^0-9.eE+-]/, "", n); if (bytes == "" || n + 0 < bytes) bytes = n + 0 }
    raw && /^ *\],?$/ { if (raw++ == 2) { raw = 0; if (part == "bytes") part = "" } }
    /"scoreError" :/ && part == "primary" { error = number($0) }
    END { flush() }' "$1"
}

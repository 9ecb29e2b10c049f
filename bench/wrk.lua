-- Sends what the plan says, and prints one line of JSON in the end. The plan's first line is "cycle" or "chain", the second
-- one the beginning of every body, each other line the end of one. A chain replaces a line it used by the refresh token
-- that came for it; one thread only, since the lines are not shared between threads.
local kind, prefix
local values = {}
local first, last, at = 1, 0, 0

function init(args)
  local lines = io.lines(args[1])
  kind, prefix = lines(), lines()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  for value in lines do
    last = last + 1
    values[last] = kind == "cycle" and wrk.format(nil, nil, nil, prefix .. value) or value
  end
  if kind == "chain" then response = follow end
end

function request()
  if kind == "cycle" then
    at = at % last + 1
    return values[at]
  end
  local value = values[first] or "none-left"
  values[first] = nil
  if first <= last then first = first + 1 end
  return wrk.format(nil, nil, nil, prefix .. value)
end

function follow(_, _, body)
  local successor = string.match(body, '"refresh_token":"([^"]+)"')
  if successor then
    last = last + 1
    values[last] = successor
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"answered":%d,"seconds":%f,"refused":%d,"failed":%d,"p50Ms":%f,"p99Ms":%f,"maxMs":%f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end

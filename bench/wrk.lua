-- Runs a plan (plan.mjs says what it is and writes it), and prints one line of JSON in the end. One thread only, since what
-- waits to be sent is not shared between threads.
local kinds, current = {}, nil
local captures, at_once, turns, turn = {}, {}, {}, 0
local runner
sent, caught = {}, {} -- global, so that done() gets them from this thread

function setup(thread)
  runner = thread
end

local read = {
  kind = function(name, use, method, path, cookie, prefix)
    local headers = { ["Content-Type"] = method == "POST" and "application/x-www-form-urlencoded" or nil }
    if cookie ~= "" then headers["Cookie"] = cookie end
    current = { name = name, use = use, method = method, path = path, headers = headers, prefix = prefix,
      values = {}, first = 1, last = 0, at = 0 }
    kinds[name], sent[name] = current, 0
  end,
  value = function(value)
    current.last = current.last + 1
    current.values[current.last] = current.use == "cycle" and format(current, value) or value
  end,
  capture = function(name, from, after, stop, into)
    captures[#captures + 1] = { name = name, from = from, after = after, stop = stop, into = kinds[into] }
    caught[name] = 0
  end,
  ["at-once"] = function(name) at_once[#at_once + 1] = kinds[name] end,
  turn = function(name) turns[#turns + 1] = kinds[name] end,
}

function init(args)
  for line in io.lines(args[1]) do
    local parts = {}
    for part in string.gmatch(line .. "\t", "([^\t]*)\t") do parts[#parts + 1] = part end
    read[parts[1]](unpack(parts, 2))
  end
  if #captures > 0 then response = catch end
end

function request()
  for i = 1, #at_once do
    if at_once[i].first <= at_once[i].last then return next_of(at_once[i]) end
  end
  turn = turn % #turns + 1
  return next_of(turns[turn])
end

function next_of(kind)
  sent[kind.name] = sent[kind.name] + 1
  if kind.use == "cycle" then
    kind.at = kind.at % kind.last + 1
    return kind.values[kind.at]
  end
  local value = kind.values[kind.first] or "none-left"
  kind.values[kind.first] = nil
  if kind.first <= kind.last then kind.first = kind.first + 1 end
  return format(kind, value)
end

function format(kind, value)
  return wrk.format(kind.method, kind.path, kind.headers, kind.method == "POST" and kind.prefix .. value or nil)
end

function catch(_, headers, body)
  for i = 1, #captures do
    local capture = captures[i]
    local text = capture.from == "body" and body or headers["location"] or headers["Location"] or ""
    local _, before = string.find(text, capture.after, 1, true)
    if before then
      caught[capture.name] = caught[capture.name] + 1
      local kind = capture.into
      if kind then
        local past = string.find(text, capture.stop, before + 1, true) or #text + 1
        kind.last = kind.last + 1
        kind.values[kind.last] = string.sub(text, before + 1, past - 1)
      end
    end
  end
end

local function json(counts)
  local members = {}
  for name, count in pairs(counts) do members[#members + 1] = string.format('"%s":%d', name, count) end
  return "{" .. table.concat(members, ",") .. "}"
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"answered":%d,"seconds":%f,"refused":%d,"failed":%d,"p50Ms":%f,"p99Ms":%f,"maxMs":%f,"sent":%s,"caught":%s}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    json(runner:get("sent")), json(runner:get("caught"))))
end

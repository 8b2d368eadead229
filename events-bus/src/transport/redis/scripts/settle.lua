-- Settles entries, as a whole.
--
-- KEYS: epoch, topic, redelivery queue, dead letters, who handled what, trial marks, and of the retry queue states, records, claims.
-- ARGV: epoch ('' for none), group, the time for which to keep who handled what in milliseconds, and then four lists, each behind its
-- length:
--   entries with more to store: the queue ('2' topic, '3' redelivery, '7' retry), the id ('' for a retry), the name, the number of
--   dead letters and each as the number of its fields and the fields, the number of parked deliveries and each as its field, its state
--   and its record;
--   other entries of the topic: their ids; other requeued entries: their ids;
--   who handled what: the receivers, the code that stands for them, the number of events, the events' ids, and the number of each
--   event's entry in the lists above.
local epoch, group = ARGV[1], ARGV[2]
if epoch ~= '' then
    local stored = redis.call('GET', KEYS[1]) or ''
    if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
        return redis.error_reply('LOSTLEASE the epoch is old')
    end
end
-- A key of another type is found before anything is written.
local lengths = {}
for key = ARGV[4] == '0' and 5 or 4, ARGV[4] == '0' and 6 or 9 do
    lengths[key] = redis.pcall(key == 4 and 'XLEN' or 'HLEN', KEYS[key])
    if type(lengths[key]) == 'table' then
        return lengths[key]
    end
end
local has_marks = lengths[6] > 0

local at = 3
local function take()
    at = at + 1
    return ARGV[at]
end

-- Entries that were pending, by their number in the lists.
local settled, number, all_settled = {}, 0, true

-- Acknowledges entries. Returns how many were pending.
local function acknowledge(queue, ...)
    local acknowledged = redis.pcall('XACK', KEYS[queue], group, ...)
    if type(acknowledged) == 'table' then
        -- The stream is something else: nothing is pending.
        return 0
    end
    if queue == 3 and acknowledged > 0 then
        redis.call('XDEL', KEYS[3], ...)
    end
    return acknowledged
end

local function is_pending(queue, id, name)
    if queue == 7 then
        return redis.call('HEXISTS', KEYS[7], name) == 1
    end
    local found = redis.pcall('XPENDING', KEYS[queue], group, id, id, 1)
    return not found.err and #found == 1
end

for _ = 1, tonumber(take()) do
    local queue, id, name = tonumber(take()), take(), take()
    number = number + 1
    local pending = is_pending(queue, id, name)
    for _ = 1, tonumber(take()) do
        local count = tonumber(take())
        if pending then
            redis.call('XADD', KEYS[4], '*', unpack(ARGV, at + 1, at + count))
        end
        at = at + count
    end
    if pending and queue == 7 then
        redis.call('HDEL', KEYS[7], name)
        redis.call('HDEL', KEYS[8], name)
        redis.call('HDEL', KEYS[9], name)
    end
    for _ = 1, tonumber(take()) do
        local field, state, record = take(), take(), take()
        if pending then
            redis.call('HSET', KEYS[7], field, state)
            redis.call('HSET', KEYS[8], field, record)
            redis.call('HDEL', KEYS[9], field)
        end
    end
    if pending and queue ~= 7 then
        acknowledge(queue, id)
        if has_marks then
            redis.call('HDEL', KEYS[6], name)
        end
    end
    settled[number] = pending
    all_settled = all_settled and pending
end

-- Up to this number, entries are acknowledged one by one, to know which were pending. Of more, it is only known whether any was:
-- nearly always all were, and a call for each takes the server half as long again.
local FEW = 8
for queue = 2, 3 do
    local count, first = tonumber(take()), at + 1
    local part = count <= FEW and 1 or 1000
    for from = first, first + count - 1, part do
        local to = math.min(from + part, first + count) - 1
        local was_pending = acknowledge(queue, unpack(ARGV, from, to)) > 0
        for index = from, to do
            number = number + 1
            settled[number] = was_pending
            all_settled = all_settled and was_pending
            if has_marks and was_pending then
                redis.call('HDEL', KEYS[6], (queue == 3 and 'requeued:' or '') .. ARGV[index])
            end
        end
    end
    at = at + count
end

-- Both lists in one: receivers stand on lines of their own.
local function union(one, other)
    local all = one
    for receiver in string.gmatch(other, '[^\n]+') do
        if not string.find('\n' .. all .. '\n', '\n' .. receiver .. '\n', 1, true) then
            all = all .. '\n' .. receiver
        end
    end
    return all
end

local function note(receivers, code, events, first, last)
    local known = redis.call('HMGET', KEYS[5], unpack(events, first, last))
    local fields = { code, receivers }
    for index = first, last do
        local before, now = known[index - first + 1], code
        if before and before ~= code then
            -- A code stands for a list that is kept beside it.
            local list = string.byte(before) == 1 and redis.call('HGET', KEYS[5], before) or before
            local all = union(list, receivers)
            now = all == receivers and code or all
        end
        fields[#fields + 1] = events[index]
        fields[#fields + 1] = now
    end
    redis.call('HSET', KEYS[5], unpack(fields))
end

-- The number of events that go into one call.
local PART = 1000
local has_noted = false
for _ = 1, tonumber(take()) do
    local receivers, code, count = take(), take(), tonumber(take())
    local events, first, last = ARGV, at + 1, at + count
    if not all_settled then
        events = {}
        for index = first, last do
            if settled[tonumber(ARGV[index + count])] then
                events[#events + 1] = ARGV[index]
            end
        end
        first, last = 1, #events
    end
    for from = first, last, PART do
        note(receivers, code, events, from, math.min(from + PART - 1, last))
        has_noted = true
    end
    at = at + 2 * count
end
if has_noted then
    redis.call('PEXPIRE', KEYS[5], ARGV[3])
end
return 1

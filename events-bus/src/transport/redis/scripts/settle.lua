-- Notes what became of entries, as a whole.
--
-- KEYS: the stream, what was requeued, the progress, the dead letters, the leader, who handled what.
-- ARGV: the group, the consumer that has to lead ('' if none has to), how long to keep who handled what in milliseconds, and then
-- four lists, each behind its length:
--   dead letters: the queue ('1' topic, '2' again), the entry's id, the number of fields, the fields;
--   progress: the queue, the entry's id, its name, the progress;
--   finished entries of the topic: their ids; finished requeued entries: their ids, each as the names of its progress as well;
--   who handled what: the receivers, the code that stands for them, the number of events, the events' ids.
-- Answers 0 where the consumer does not lead, and nothing was done; else 1.

local group = ARGV[1]
if ARGV[2] ~= '' and redis.call('GET', KEYS[5]) ~= ARGV[2] then
    return 0
end

local at = 3
local function take()
    at = at + 1
    return ARGV[at]
end

-- So many arguments go into one call.
local MOST = 1000

local function each_part(from, count, call)
    for first = from, from + count - 1, MOST do
        call(first, math.min(first + MOST, from + count) - 1)
    end
end

local function is_pending(queue, id)
    -- Without the group nothing is pending.
    local found = redis.pcall('XPENDING', KEYS[tonumber(queue)], group, id, id, 1)
    return #found == 1
end

for _ = 1, tonumber(take()) do
    local queue, id, count = take(), take(), tonumber(take())
    if is_pending(queue, id) then
        redis.call('XADD', KEYS[4], '*', unpack(ARGV, at + 1, at + count))
    end
    at = at + count
end

for _ = 1, tonumber(take()) do
    local queue, id, name, progress = take(), take(), take(), take()
    if is_pending(queue, id) then
        redis.call('HSET', KEYS[3], name, progress)
    end
end

local has_progress = redis.call('EXISTS', KEYS[3]) == 1
for queue = 1, 2 do
    local count = tonumber(take())
    each_part(at + 1, count, function(first, last)
        redis.call('XACK', KEYS[queue], group, unpack(ARGV, first, last))
        if queue == 2 then
            redis.call('XDEL', KEYS[2], unpack(ARGV, first, last))
        end
        if has_progress then
            local names = {}
            for index = first, last do
                names[#names + 1] = (queue == 2 and 'again:' or '') .. ARGV[index]
            end
            redis.call('HDEL', KEYS[3], unpack(names))
        end
    end)
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

local lists = tonumber(take())
for _ = 1, lists do
    local receivers, code, count = take(), take(), tonumber(take())
    each_part(at + 1, count, function(first, last)
        local known = redis.call('HMGET', KEYS[6], unpack(ARGV, first, last))
        local fields = { code, receivers }
        for index = first, last do
            local before, now = known[index - first + 1], code
            if before and before ~= code then
                -- A code stands for a list that is kept beside it.
                local list = string.byte(before) == 1 and redis.call('HGET', KEYS[6], before) or before
                local all = union(receivers, list)
                now = all == receivers and code or all
            end
            fields[#fields + 1] = ARGV[index]
            fields[#fields + 1] = now
        end
        redis.call('HSET', KEYS[6], unpack(fields))
    end)
    at = at + count
end
if lists > 0 then
    redis.call('PEXPIRE', KEYS[6], ARGV[3])
end
return 1

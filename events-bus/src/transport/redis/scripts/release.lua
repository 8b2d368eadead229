-- Gives up the lead and every entry that the consumer holds. The entries count as untouched since 1970, so that anybody may claim
-- them, and their deliveries and trial marks are taken back. Consumers that hold nothing and were not seen for a time go.
--
-- KEYS: epoch, lease, topic, redelivery queue, trial marks, claims of the retry queue.
-- ARGV: epoch ('' for none), group, consumer ('' for none), the time in milliseconds.
-- An old epoch changes nothing.
local epoch, group, consumer = ARGV[1], ARGV[2], ARGV[3]
if epoch ~= '' then
    local stored = redis.call('GET', KEYS[1]) or ''
    if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
        return 0
    end
    -- A full server refuses a script's first write if that takes memory, but not this one.
    redis.call('DEL', KEYS[2])
    -- The counter survives.
    redis.call('SET', KEYS[1], string.match(epoch, '^%d+'))
end

local has_marks = redis.call('EXISTS', KEYS[5]) == 1
local function give_back(stream, id, deliveries, name)
    local before = math.max(tonumber(deliveries) - 1, 0)
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'TIME', 0, 'RETRYCOUNT', before, 'JUSTID')
    if has_marks and redis.call('HEXISTS', KEYS[5], name) == 1 and redis.call('HINCRBY', KEYS[5], name, -1) <= 0 then
        redis.call('HDEL', KEYS[5], name)
    end
end

for queue = 3, 4 do
    local from = '-'
    repeat
        local pending = redis.pcall('XPENDING', KEYS[queue], group, from, '+', 1000, consumer)
        if pending.err then
            pending = {}
        end
        for _, entry in ipairs(pending) do
            give_back(KEYS[queue], entry[1], entry[4], (queue == 4 and 'requeued:' or '') .. entry[1])
            from = '(' .. entry[1]
        end
    until #pending < 1000
    local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[queue], group)
    if not consumers.err then
        for _, fields in ipairs(consumers) do
            local found = {}
            for index = 1, #fields, 2 do
                found[fields[index]] = fields[index + 1]
            end
            local nothing = tonumber(found.pending) == 0
            if nothing and (found.name == consumer or tonumber(found.idle) > tonumber(ARGV[4])) then
                redis.call('XGROUP', 'DELCONSUMER', KEYS[queue], group, found.name)
            end
        end
    end
end

if consumer ~= '' then
    -- A write that takes no memory, as above. Nothing has this name.
    redis.call('HDEL', KEYS[6], '')
    local claims = redis.call('HGETALL', KEYS[6])
    for at = 1, #claims, 2 do
        local deliveries, trials, owner = string.match(claims[at + 1], '^(%d+) (%d+) %d+ (.*)$')
        if owner == consumer then
            deliveries, trials = math.max(tonumber(deliveries) - 1, 0), math.max(tonumber(trials) - 1, 0)
            if deliveries == 0 and trials == 0 then
                redis.call('HDEL', KEYS[6], claims[at])
            else
                redis.call('HSET', KEYS[6], claims[at], string.format('%d %d 0 ', deliveries, trials))
            end
        end
    end
end
return 1

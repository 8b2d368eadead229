-- Extends the lease of an epoch. Without an epoch, touches the entries and parked deliveries that are the consumer's.
--
-- KEYS: epoch, lease, topic, redelivery queue, claims of the retry queue.
-- ARGV: epoch ('' for none), group, consumer, lease in milliseconds, then pairs: queue ('3' topic, '4' redelivery), id.
local epoch, group, consumer = ARGV[1], ARGV[2], ARGV[3]
if epoch ~= '' then
    local stored = redis.call('GET', KEYS[1]) or ''
    if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
        return redis.error_reply('LOSTLEASE the epoch is old')
    end
    -- A full server refuses a script's first write if that takes memory, but not this one.
    redis.call('DEL', KEYS[2])
    redis.call('SET', KEYS[2], consumer, 'PX', ARGV[4])
    return 1
end
local named = {}
for at = 5, #ARGV, 2 do
    local stream, id = KEYS[tonumber(ARGV[at])], ARGV[at + 1]
    local pending = redis.pcall('XPENDING', stream, group, id, id, 1, consumer)
    if not pending.err and #pending == 1 then
        redis.call('XCLAIM', stream, group, consumer, 0, id, 'JUSTID')
    end
    named[(ARGV[at] == '4' and 'requeued:' or '') .. id] = true
end
local claims = redis.call('HGETALL', KEYS[5])
if #claims > 0 then
    local time = redis.call('TIME')
    local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
    -- Nothing has this name: see above.
    redis.call('HDEL', KEYS[5], '')
    for at = 1, #claims, 2 do
        local deliveries, trials, owner = string.match(claims[at + 1], '^(%d+) (%d+) %d+ (.*)$')
        if owner == consumer and named[string.match(claims[at], '^[^\n]*')] then
            redis.call('HSET', KEYS[5], claims[at], deliveries .. ' ' .. trials .. ' ' .. now .. ' ' .. owner)
        end
    end
end
return 1

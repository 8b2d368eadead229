-- Claims deliveries of the retry queue, and counts a delivery for each.
--
-- KEYS: epoch, states, records, claims. ARGV: epoch ('' for none), consumer, idle time in milliseconds, 1 for a trial, the fields.
-- Answers the server's time and the claimed deliveries: the number of the field, deliveries, trial marks, state, record.
local epoch, consumer, idle = ARGV[1], ARGV[2], tonumber(ARGV[3])
if epoch ~= '' then
    local stored = redis.call('GET', KEYS[1]) or ''
    if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
        return redis.error_reply('LOSTLEASE the epoch is old')
    end
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- A full server refuses a script's first write if that takes memory, but not this one. Nothing has this name.
redis.call('HDEL', KEYS[4], '')
local claimed = {}
for at = 5, #ARGV do
    local field = ARGV[at]
    local state, record = redis.call('HGET', KEYS[2], field), redis.call('HGET', KEYS[3], field)
    if state and record then
        local claim = redis.call('HGET', KEYS[4], field) or '0 0 0 '
        local deliveries, trials, touched, owner = string.match(claim, '^(%d+) (%d+) (%d+) (.*)$')
        if owner == '' or owner == consumer or now - tonumber(touched) >= idle then
            deliveries = tonumber(deliveries) + 1
            trials = tonumber(trials) + (ARGV[4] == '1' and 1 or 0)
            redis.call('HSET', KEYS[4], field, string.format('%d %d %.0f ', deliveries, trials, now) .. consumer)
            claimed[#claimed + 1] = { at - 4, deliveries, trials, state, record }
        end
    end
end
return { time, claimed }

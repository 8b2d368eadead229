-- Takes the lead of a group unless another consumer holds the lease.
--
-- KEYS: lease, epoch. ARGV: consumer, lease in milliseconds, holder id in hexadecimal digits.
-- Answers the counter of the new epoch, or nil for a standby.
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
    return nil
end
-- A full server refuses a script's first write if that takes memory, but not this one.
redis.call('DEL', KEYS[1])
local counter = tonumber(string.match(redis.call('GET', KEYS[2]) or '0', '^%d+') or '0') + 1
counter = string.format('%.0f', counter)
redis.call('SET', KEYS[2], counter .. '-' .. ARGV[3] .. ' ' .. ARGV[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return counter

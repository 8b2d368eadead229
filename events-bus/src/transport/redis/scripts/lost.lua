-- Counts the entries that somebody removed before the group was given them, and lets the server forget them: its own count of read
-- entries does not pass over them.
--
-- KEYS: epoch, topic, redelivery queue, the count of lost entries. ARGV: epoch, group.
-- Answers the number of entries found lost, and the last ids that the group was given of the topic and of the redelivery queue.
local epoch, group = ARGV[1], ARGV[2]
local stored = redis.call('GET', KEYS[1]) or ''
if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
    return redis.error_reply('LOSTLEASE the epoch is old')
end

local function find(stream)
    local groups = redis.pcall('XINFO', 'GROUPS', stream)
    if groups.err then
        return {}
    end
    for _, list in ipairs(groups) do
        local found = {}
        for index = 1, #list, 2 do
            found[list[index]] = list[index + 1]
        end
        if found.name == group then
            return found
        end
    end
    return {}
end

local of_topic, of_queue = find(KEYS[2]), find(KEYS[3])
local last = of_topic['last-delivered-id']
if not last or not of_queue['last-delivered-id'] then
    return redis.error_reply('NOGROUP the group does not exist')
end
local lost = 0
-- Redis 6.2 has no such numbers, and later ones have none where entries were deleted one by one.
if of_topic.lag and of_topic['entries-read'] then
    -- At most all entries of the topic are unread; the others that the group was not given are gone.
    local unread = redis.call('XLEN', KEYS[2])
    if unread > 0 and of_topic.lag <= unread and #redis.call('XRANGE', KEYS[2], '(' .. last, '+', 'COUNT', 1) == 0 then
        unread = 0
    end
    lost = math.max(of_topic.lag - unread, 0)
end
if lost > 0 then
    local read = string.format('%.0f', of_topic['entries-read'] + lost)
    redis.call('XGROUP', 'SETID', KEYS[2], group, last, 'ENTRIESREAD', read)
    redis.call('INCRBY', KEYS[4], string.format('%.0f', lost))
end
return { lost, last, of_queue['last-delivered-id'] }

-- Creates a group and its redelivery queue where they do not exist. The number of entries that the group need not read is noted, so
-- that what is trimmed from now on before it was read can be counted.
--
-- KEYS: topic, redelivery queue. ARGV: group, the id after which it reads.
-- Answers 1 if the group of the topic was created.
local group = ARGV[1]
local function create(stream, from)
    local made = redis.pcall('XGROUP', 'CREATE', stream, group, from, 'MKSTREAM')
    if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
        return nil, made
    end
    return made.err == nil
end

-- A full server refuses a script's first write if that takes memory, but not this one. There is no such entry.
redis.pcall('XDEL', KEYS[2], '0-0')
local made, refused = create(KEYS[1], ARGV[2])
if refused then
    return refused
end
local _, refused_queue = create(KEYS[2], '0')
if refused_queue then
    return refused_queue
end
if not made then
    return 0
end

local function fields_of(list)
    local found = {}
    for index = 1, #list, 2 do
        found[list[index]] = list[index + 1]
    end
    return found
end
-- Redis 6.2 does not count.
local added = fields_of(redis.call('XINFO', 'STREAM', KEYS[1]))['entries-added']
for _, list in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local found = fields_of(list)
    if added and found.name == group and found.lag then
        local read = string.format('%.0f', added - found.lag)
        redis.call('XGROUP', 'SETID', KEYS[1], group, found['last-delivered-id'], 'ENTRIESREAD', read)
    end
end
return 1

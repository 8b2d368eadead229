-- Removes a part of what may go, the oldest first. One step looks at a limited number of entries, so that nobody waits for long.
--
-- KEYS: topic, and the trial marks of groups.
-- ARGV: the number of newest entries that stay; the id before which entries are old enough to go; the number of entries beyond which
-- unread ones go as well ('' for never); the first entry that stays in any case ('' for none); the number of entries that this step may
-- look at; the names of the groups whose trial marks are among the keys, in their order.
-- Answers the number of removed entries, the number of them that some group had not finished, and 1 if there is more to do.
local stream = KEYS[1]
local keep, old, lose, step = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local stays = ARGV[4] ~= '' and ARGV[4] or nil
local marks = {}
for index = 2, #KEYS do
    marks[ARGV[index + 4]] = KEYS[index]
end

-- Returns true if one id is smaller than another. Numbers of 64 bits do not fit into Lua's, but the order of their digits is theirs.
local function less(one, other)
    local function smaller(a, b)
        if #a ~= #b then return #a < #b end
        return a < b
    end
    local one_ms, one_seq = string.match(one, '^(%d+)-(%d+)$')
    local other_ms, other_seq = string.match(other, '^(%d+)-(%d+)$')
    if one_ms ~= other_ms then return smaller(one_ms, other_ms) end
    return smaller(one_seq, other_seq)
end

local function first_entry(from)
    local found = redis.call('XRANGE', stream, from, '+', 'COUNT', 1)
    return found[1] and found[1][1]
end

local function removed_before(id)
    if not id then
        return redis.call('XTRIM', stream, 'MAXLEN', 0)
    end
    return redis.call('XTRIM', stream, 'MINID', id)
end

local function fields_of(list)
    local found = {}
    for index = 1, #list, 2 do
        found[list[index]] = list[index + 1]
    end
    return found
end

local function groups()
    local found = {}
    for index, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        found[index] = fields_of(group)
    end
    return found
end

local length = redis.call('XLEN', stream)
local first = first_entry('-')
if not first then
    return { 0, 0, 0 }
end

-- The first entry that some group has not finished; nil if all have finished all. Pending entries that are gone do not count.
local unfinished
local function note(id)
    if id and (not unfinished or less(id, unfinished)) then
        unfinished = id
    end
end
for _, group in ipairs(groups()) do
    note(first_entry('(' .. group['last-delivered-id']))
    local from = first
    repeat
        local pending = redis.call('XPENDING', stream, group.name, from, '+', 100)
        local found = false
        for _, entry in ipairs(pending) do
            from = '(' .. entry[1]
            if not found and #redis.call('XRANGE', stream, entry[1], entry[1]) == 1 then
                note(entry[1])
                found = true
            end
        end
    until found or #pending < 100
end

-- Removes up to a number of entries before an id, as far as this step may look at them.
local function remove(limit, before)
    local count = math.min(limit, step)
    if count <= 0 then
        return 0
    end
    local found = redis.call('XRANGE', stream, '-', before and '(' .. before or '+', 'COUNT', count)
    if #found == 0 then
        return 0
    end
    step = step - #found
    return removed_before(first_entry('(' .. found[#found][1]))
end

-- The smaller of two ids, where nil is beyond all.
local function first_of(one, other)
    if not one or (other and less(other, one)) then
        return other
    end
    return one
end

-- What all have finished and the retention does not keep.
local gone = remove(length - keep, first_of(old, unfinished))
-- What is beyond the limit goes as well: first what is finished, however young it is, and then the rest.
local unread = 0
if lose and length - gone > lose then
    gone = gone + remove(length - gone - lose, first_of(unfinished, stays))
    if step > 0 and length - gone > lose then
        unread = remove(length - gone - lose, stays)
        gone = gone + unread
        -- Removed entries are not pending.
        local kept = first_entry('-')
        for _, group in ipairs(groups()) do
            repeat
                local before_kept = kept and '(' .. kept or '+'
                local pending = redis.call('XPENDING', stream, group.name, '-', before_kept, 1000)
                local ids = {}
                for index, entry in ipairs(pending) do
                    ids[index] = entry[1]
                end
                if #ids > 0 then
                    redis.call('XACK', stream, group.name, unpack(ids))
                    if marks[group.name] then
                        redis.call('HDEL', marks[group.name], unpack(ids))
                    end
                end
            until #ids < 1000
        end
    end
end
return { gone, unread, step > 0 and 0 or 1 }

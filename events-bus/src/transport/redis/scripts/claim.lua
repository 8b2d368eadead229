-- Claims pending entries in order, and counts a delivery for each. Stops before a suspect, unless it is claimed alone on trial.
--
-- KEYS: epoch, redelivery queue, topic, trial marks.
-- ARGV: epoch ('' for none), group, consumer, the queue to begin with ('2' redelivery, '3' topic), the place to begin at, 1 to claim
-- the consumer's own entries too, idle time in milliseconds, the limits of entries and of bytes, the deliveries from which on an
-- entry is a suspect, 1 for a trial, the number of pending entries to look at.
-- Answers the claimed entries, each with its queue, id, deliveries, trial marks and fields; the suspect as queue and id, or an empty
-- list; the numbers of pending entries of each queue that are gone; the place to go on from as queue and id, or an empty list if all
-- was seen; and the server's time.
local epoch, group, consumer = ARGV[1], ARGV[2], ARGV[3]
if epoch ~= '' then
    local stored = redis.call('GET', KEYS[1]) or ''
    if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
        return redis.error_reply('LOSTLEASE the epoch is old')
    end
end
local first, from = tonumber(ARGV[4]), ARGV[5]
local own, idle = ARGV[6] == '1', tonumber(ARGV[7])
local most, bytes, max_deliveries = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local trial, looks = ARGV[11] == '1', tonumber(ARGV[12])
local PAGE = 100

-- The size of a record: body, key, event type and receivers. What is no record counts with all its fields.
local function size_of(fields)
    local all, sizes = 0, {}
    for index = 1, #fields, 2 do
        all = all + #fields[index] + #fields[index + 1]
        sizes[fields[index]] = #fields[index + 1]
    end
    if not sizes.event_data or not sizes.type then
        return all
    end
    return sizes.event_data + sizes.type + (sizes.key or 0) + (sizes.receivers or 0)
end

local has_marks = redis.call('EXISTS', KEYS[4]) == 1
local claimed, suspect, gone, place = {}, {}, { 0, 0 }, {}
local size, is_over = 0, false

-- Looks at one pending entry of a queue. Returns true if the call is over.
local function look(queue, pending)
    local id, deliveries = pending[1], pending[4]
    if pending[2] == consumer then
        if not own then
            return false
        end
    elseif pending[3] < idle then
        return false
    end
    local found = redis.call('XRANGE', KEYS[queue], id, id)
    local name = (queue == 2 and 'requeued:' or '') .. id
    if #found == 0 then
        -- Somebody removed it: nobody can ever handle it.
        redis.call('XACK', KEYS[queue], group, id)
        redis.call('HDEL', KEYS[4], name)
        gone[queue - 1] = gone[queue - 1] + 1
        return false
    end
    local marks = has_marks and tonumber(redis.call('HGET', KEYS[4], name) or 0) or 0
    local is_suspect = deliveries >= max_deliveries or marks > 0
    if is_suspect and not (trial and #claimed == 0) then
        suspect = { queue, id }
        return true
    end
    size = size + size_of(found[1][2])
    if size > bytes and #claimed > 0 then
        return true
    end
    if is_suspect then
        -- A full server refuses a script's first write if that takes memory, but not this one. Nothing has this name.
        redis.call('HDEL', KEYS[4], '')
        marks = redis.call('HINCRBY', KEYS[4], name, 1)
    end
    deliveries = deliveries + 1
    redis.call('XCLAIM', KEYS[queue], group, consumer, 0, id, 'RETRYCOUNT', deliveries, 'JUSTID')
    claimed[#claimed + 1] = { queue, id, deliveries, marks, found[1][2] }
    return is_suspect or #claimed >= most
end

for queue = first, 3 do
    if queue ~= first then
        from = '-'
    end
    local count
    repeat
        local pending = redis.pcall('XPENDING', KEYS[queue], group, from, '+', PAGE)
        if pending.err then
            return pending
        end
        count = #pending
        for _, entry in ipairs(pending) do
            from = '(' .. entry[1]
            is_over = look(queue, entry)
            if is_over then
                break
            end
        end
        looks = looks - count
        if not is_over and looks <= 0 then
            place = { queue, from }
            is_over = true
        end
    until is_over or count < PAGE
    if is_over then
        break
    end
end
return { claimed, suspect, gone, place, redis.call('TIME') }

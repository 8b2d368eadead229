-- Reads a few entries, and says whether it is to be looked up who has handled their events.
--
-- KEYS: epoch, redelivery queue, topic, and the hashes of who handled what.
-- ARGV: epoch ('' for none), group, consumer, the limit, the share of it that requeued entries take while new ones wait.
-- Answers the entries of the redelivery queue; those of the topic; the server's time; and 1 if an event was handled before, or if its
-- id is written in a way that is not known here, else 0.
local epoch, group, consumer = ARGV[1], ARGV[2], ARGV[3]
local limit, share = tonumber(ARGV[4]), tonumber(ARGV[5])
if epoch ~= '' then
    local stored = redis.call('GET', KEYS[1]) or ''
    if string.sub(stored, 1, #epoch + 1) ~= epoch .. ' ' then
        return redis.error_reply('LOSTLEASE the epoch is old')
    end
end

local function read(stream, count)
    if count <= 0 then
        return {}
    end
    local streams = redis.pcall('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, '>')
    if not streams then
        return {}
    end
    if streams.err then
        return nil, streams
    end
    return streams[1][2]
end

-- Entries leave the queue when they are settled, so that it is mostly empty.
local requeued, refused = {}, nil
if redis.call('XLEN', KEYS[2]) > 0 then
    requeued, refused = read(KEYS[2], math.min(share, limit))
    if refused then
        return refused
    end
end
local new, refused_too = read(KEYS[3], limit - #requeued)
if refused_too then
    -- Requeued entries that were read already are pending, and will be claimed.
    return refused_too
end
if #requeued > 0 and #requeued >= share and #requeued + #new < limit then
    local more = read(KEYS[2], limit - #requeued - #new) or {}
    for _, entry in ipairs(more) do
        requeued[#requeued + 1] = entry
    end
end
local time = redis.call('TIME')

local function byte(digits)
    return string.char(tonumber(digits, 16))
end

local events, doubt = {}, 0
local function note(entries)
    for _, entry in ipairs(entries) do
        local fields = entry[2]
        for index = 1, #fields, 2 do
            if fields[index] == 'id' then
                local id = string.gsub(fields[index + 1], '-', '')
                if #id == 32 and not string.find(id, '%X') then
                    id = string.gsub(id, '%x%x', byte)
                    events[#events + 1] = id
                else
                    doubt = 1
                end
            end
        end
    end
end
if #KEYS > 3 then
    note(requeued)
    note(new)
end
if #events > 0 then
    for key = 4, #KEYS do
        for _, found in ipairs(redis.call('HMGET', KEYS[key], unpack(events))) do
            if found then
                doubt = 1
            end
        end
    end
end
return { requeued, new, time, doubt }

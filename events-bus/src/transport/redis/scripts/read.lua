-- Reads a few entries, and says whether it is to be looked up who has handled their events.
--
-- KEYS: what was requeued, the stream, and where it is noted who handled what. ARGV: the group, the consumer, how many at most.
-- Answers the streams; the server's time; and 1 where an event was handled before, or where its id is written in a way that is not
-- known here, else 0.
local streams = redis.pcall(
    'XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], KEYS[2], '>', '>'
)
local time = redis.call('TIME')
if not streams then
    return { {}, time, 0 }
end
if streams.err then
    return streams
end

local function byte(digits)
    return string.char(tonumber(digits, 16))
end

local events, doubt = {}, 0
for _, stream in ipairs(streams) do
    for _, entry in ipairs(stream[2]) do
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
if #events > 0 then
    for key = 3, #KEYS do
        for _, found in ipairs(redis.call('HMGET', KEYS[key], unpack(events))) do
            if found then
                doubt = 1
            end
        end
    end
end
return { streams, time, doubt }

-- Gives the lead back, and what is pending: it counts as untouched since 1970, so that anybody may take it over. Consumers that
-- have nothing and were not seen for an hour go, and this one if it has nothing.
--
-- KEYS: the stream, what was requeued, the leader. ARGV: the group, the consumer ('' for none), the hour in milliseconds.
local group, consumer = ARGV[1], ARGV[2]
if redis.call('GET', KEYS[3]) == consumer then
    redis.call('DEL', KEYS[3])
end
for queue = 1, 2 do
    local from = '-'
    repeat
        local pending = redis.pcall('XPENDING', KEYS[queue], group, from, '+', 1000, consumer)
        if pending.err then
            pending = {}
        end
        local ids = {}
        for index, entry in ipairs(pending) do
            ids[index] = entry[1]
            from = '(' .. entry[1]
        end
        if #ids > 0 then
            local claim = { 'XCLAIM', KEYS[queue], group, consumer, 0 }
            for _, id in ipairs(ids) do
                claim[#claim + 1] = id
            end
            claim[#claim + 1] = 'TIME'
            claim[#claim + 1] = 0
            claim[#claim + 1] = 'JUSTID'
            redis.call(unpack(claim))
        end
    until #ids < 1000
    local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[queue], group)
    if not consumers.err then
        for _, fields in ipairs(consumers) do
            local found = {}
            for index = 1, #fields, 2 do
                found[fields[index]] = fields[index + 1]
            end
            local nothing = tonumber(found.pending) == 0
            if nothing and (found.name == consumer or tonumber(found.idle) > tonumber(ARGV[3])) then
                redis.call('XGROUP', 'DELCONSUMER', KEYS[queue], group, found.name)
            end
        end
    end
end
return 1

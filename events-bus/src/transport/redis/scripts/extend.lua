-- Touches the entries that are the consumer's, and no others. KEYS: the stream. ARGV: the group, the consumer, the ids.
local group, consumer = ARGV[1], ARGV[2]
local claim = { 'XCLAIM', KEYS[1], group, consumer, 0 }
local function touch()
    if #claim > 5 then
        claim[#claim + 1] = 'JUSTID'
        redis.call(unpack(claim))
        claim = { 'XCLAIM', KEYS[1], group, consumer, 0 }
    end
end
for index = 3, #ARGV do
    local pending = redis.pcall('XPENDING', KEYS[1], group, ARGV[index], ARGV[index], 1, consumer)
    if pending.err then
        return pending
    end
    if #pending == 1 then
        claim[#claim + 1] = ARGV[index]
    end
    if #claim > 1000 then
        touch()
    end
end
touch()
return 1

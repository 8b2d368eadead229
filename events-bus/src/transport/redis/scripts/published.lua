-- Notes the largest number published. It is a part of the transaction that appends, which takes place even if appending is
-- refused: where the key holds no stream, nothing was appended.
--
-- KEYS: the stream, the number. ARGV: the number, how long it is kept in seconds.
local length = redis.pcall('XLEN', KEYS[1])
if type(length) == 'table' then
    return length
end
return redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])

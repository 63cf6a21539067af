-- Does a change, or nothing of it. Whatever may refuse it is tried before the first write: a script is not rolled back.
--
-- KEYS: the rows, in the order of the writes.
-- ARGV: what every key of the store begins with; the name of the change; the number that stands for "never swept"; and of each write:
-- its member of a set; what its row has to be ("any", "absent", or the name of a change); and "gone", or "put" and then its body, its
-- groups as JSON, its rank, its end, "sealed" or "", what is sealed, how many groups it has, and those.

local base, stamp, never = ARGV[1], ARGV[2], ARGV[3]
local all_rows, ends = base .. "rows", base .. "ends"

local at = 3
local function take()
    at = at + 1
    return ARGV[at]
end

-- A key that is not a set stops the script here, where nothing is written yet.
local function is_a_set(name)
    redis.call("ZCARD", name)
    return name
end

local writes = {}
for i, key in ipairs(KEYS) do
    local write = { key = key, member = take(), before = take(), is_put = take() == "put", joins = {}, leaves = {} }
    if write.is_put then
        write.body, write.groups, write.rank, write.ends_at = take(), take(), take(), take()
        write.is_sealed, write.sealed = take() == "sealed", take()
        for _ = 1, tonumber(take()) do
            write.joins[is_a_set(base .. "group:" .. take())] = true
        end
    end
    local held = redis.call("HMGET", key, "stamp", "groups")
    -- As text: a number of Lua does not hold all of it.
    if write.before ~= "any" and write.before ~= (held[1] or "absent") then
        return 0
    end
    if held[2] then
        for _, group in ipairs(cjson.decode(held[2])) do
            local name = is_a_set(base .. "group:" .. group)
            if not write.joins[name] then
                table.insert(write.leaves, name)
            end
        end
    end
    writes[i] = write
end
is_a_set(all_rows)
is_a_set(ends)

-- What needs memory comes first: of a script, a server without any left refuses only the first write.
for _, write in ipairs(writes) do
    if write.is_put then
        redis.call("HSET", write.key, "body", write.body, "groups", write.groups, "rank", write.rank,
            "forget_at", write.ends_at, "stamp", stamp)
        if write.is_sealed then
            redis.call("HSET", write.key, "sealed", write.sealed)
        else
            redis.call("HDEL", write.key, "sealed")
        end
        redis.call("ZADD", all_rows, 0, write.member)
        if write.ends_at == never then
            redis.call("ZREM", ends, write.member)
        else
            redis.call("ZADD", ends, write.ends_at, write.member)
        end
        for name in pairs(write.joins) do
            redis.call("ZADD", name, write.rank, write.member)
        end
        for _, name in ipairs(write.leaves) do
            redis.call("ZREM", name, write.member)
        end
    end
end
for _, write in ipairs(writes) do
    if not write.is_put then
        for _, name in ipairs(write.leaves) do
            redis.call("ZREM", name, write.member)
        end
        redis.call("ZREM", all_rows, write.member)
        redis.call("ZREM", ends, write.member)
        redis.call("DEL", write.key)
    end
end
return 1

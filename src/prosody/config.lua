-- Evaluates a Prosody configuration the way Prosody does, into a table of hosts.
--
-- Takes the path of the main file, and functions that read a file and expand a pattern. Gives a table:
-- host (or "*") -> option -> value. Every file starts in the global scope.
-- Source: Prosody 0.12, core/configmanager.lua, and https://prosody.im/doc/configure.
local main_file, read_file, expand = ...

local real = { getenv = os.getenv, date = os.date, time = os.time, clock = os.clock }
os = real
dofile, loadfile, require = nil, nil, nil

-- As source only: bytecode can break out of anything.
local load_any = load
string.dump = nil
function load(chunk, name, _, scope)
    return load_any(chunk, name, "t", scope or _G)
end

-- Prosody 13 lets lists be added to and taken from.
local list = {}
function list.__add(left, right)
    local sum = setmetatable({}, list)
    for _, items in ipairs({ left, right }) do
        for _, item in ipairs(items) do
            sum[#sum + 1] = item
        end
    end
    return sum
end
function list.__sub(left, right)
    local rest = setmetatable({}, list)
    for _, item in ipairs(left) do
        local taken = false
        for _, other in ipairs(right) do
            taken = taken or item == other
        end
        if not taken then
            rest[#rest + 1] = item
        end
    end
    return rest
end

-- As much of io as reads a secret from a file.
io = {}
function io.open(path)
    local ok, text = pcall(read_file, path)
    if not ok then
        return nil, tostring(text)
    end
    local file = {}
    function file.read(_, what)
        return tostring(what or "l"):match("a") and text or text:match("^[^\r\n]*")
    end
    function file.lines()
        return text:gmatch("[^\r\n]+")
    end
    function file.close() end
    return file
end

local hosts = { ["*"] = {} }

local function options_of(host)
    hosts[host] = hosts[host] or {}
    return hosts[host]
end

local function folder_of(path)
    return path:match("^(.*/)") or ""
end

local function resolve(from, path)
    if path:sub(1, 1) == "/" then
        return path
    end
    return folder_of(from)..path
end

local run

local function scope_of(file)
    local current = "*"
    local scope = {}

    local function set_all(host, options)
        current = "*"
        for name, value in pairs(options) do
            options_of(host)[name] = value
        end
    end

    function scope.VirtualHost(name)
        name = name:lower()
        current = name
        options_of(name).defined = true
        return function (options) set_all(name, options) end
    end
    scope.Host, scope.host = scope.VirtualHost, scope.VirtualHost

    function scope.Component(name)
        name = name:lower()
        current = name
        options_of(name).component_module = "component"
        return function (module)
            if type(module) == "string" then
                options_of(name).component_module = module
                return function (options) set_all(name, options) end
            end
            return set_all(name, module)
        end
    end
    scope.component = scope.Component

    function scope.Include(pattern)
        local path = resolve(file, pattern)
        if pattern:match("[*?]") then
            for _, found in ipairs(expand(path)) do
                run(found)
            end
        else
            run(path)
        end
    end
    scope.include = scope.Include

    function scope.FileContents(path)
        return read_file(resolve(file, path))
    end
    function scope.FileLine(path)
        return (read_file(resolve(file, path)):match("^[^\r\n]*"))
    end
    function scope.FileLines(path)
        local lines = {}
        for line in read_file(resolve(file, path)):gmatch("[^\r\n]+") do
            lines[#lines + 1] = line
        end
        return lines
    end
    scope.Secret = function (text) return text end
    function scope.Credential(name)
        return read_file((real.getenv("CREDENTIALS_DIRECTORY") or ".").."/"..name)
    end
    function scope.RunScript(path)
        local chunk = assert(load(read_file(resolve(file, path)), "@"..path, "t"))
        return chunk()
    end

    return setmetatable({}, {
        __index = function (_, name)
            if scope[name] then
                return scope[name]
            elseif name == "Lua" then
                return _G
            elseif type(name) == "string" and name:match("^ENV_") then
                return real.getenv(name:sub(5))
            end
            local known = rawget(_G, name)
            if known == nil then
                known = options_of(current)[name]
            end
            return known
        end,
        __newindex = function (_, name, value)
            if type(value) == "table" and not getmetatable(value) then
                setmetatable(value, list)
            end
            options_of(current)[name] = value
        end,
    })
end

function run(file)
    local chunk, problem = load(read_file(file), "@"..file, "t", scope_of(file))
    if not chunk then
        error(problem, 0)
    end
    chunk()
end

run(main_file)
return hosts

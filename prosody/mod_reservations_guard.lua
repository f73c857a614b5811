-- Closes the ways past mod_reservations. Load it on every VirtualHost that loads "reservations"; where that is
-- missing, it loads it.
--
-- mod_reservations looks at a conference request's `to` and `room` as the client wrote them, and files
-- Frontdesk's answer under `room`. Prosody and Jicofo read both as addresses: without regard to case,
-- and with whatever stands after a slash. So a request spelled otherwise is not looked at, or opens the
-- room without the password, lobby, limit and end that were granted. And Jicofo takes requests by HTTP
-- too (`conferenceRequestUrl`), which Prosody never sees.
--
-- This module refuses conference requests that are not spelled as Prosody spells them or not addressed to
-- Jicofo's proxy; rooms that nobody requested through a guarded VirtualHost, or that somebody else than Jicofo
-- makes; and people where no terms apply: in rooms of Jicofo's health checks, and with Jicofo in components that
-- are not for meetings. Where something is missing that it needs, it refuses every request. It has no settings of
-- its own.

local jid = require "util.jid";
local st = require "util.stanza";
local now = require "util.time".now;

-- Without it, everything that passes here would pass for checked. An error would unload this module and open every
-- room, so what is missing shuts them instead.
local loaded, problem = pcall(module.depends, module, "reservations");
if loaded and not module:get_option("reservations_api_prefix") then
    loaded, problem = false, "reservations_api_prefix must be set";
end

local jitsi = module:require "util";
local get_room_from_jid = jitsi.get_room_from_jid;
local is_healthcheck_room = jitsi.is_healthcheck_room;
local room_jid_match_rewrite = jitsi.room_jid_match_rewrite;

-- How long Jicofo may take from a request to the room, in seconds.
local patience = 15;

local main_muc = module:get_option_string("main_muc");
local breakout_muc = module:get_option_string("breakout_rooms_muc", "breakout."..module.host);
local focus = module:get_option_string("focus_component");
local domain_base = module:get_option_string("muc_mapper_domain_base");
if not focus and domain_base then
    focus = "focus."..domain_base;
end
if not main_muc or not focus then
    loaded, problem = false, "main_muc, and focus_component or muc_mapper_domain_base, must be set";
end

-- Shared by all hosts: those that load this module, and when each room was requested.
local guarded = module:shared("/*/reservations_guard/hosts");
local requested = module:shared("/*/reservations_guard/rooms");
-- Requests on their way, with their rooms; false where the room was made and destroyed meanwhile.
local underway = module:shared("/*/reservations_guard/underway");
setmetatable(underway, { __mode = "k" });
-- False where something is missing.
guarded[module.host] = loaded;

local function conference_request(stanza)
    if stanza.name == "iq" and (stanza.attr.type == "set" or stanza.attr.type == "get") then
        return stanza:get_child("conference", "http://jitsi.org/protocol/focus");
    end
end

-- The error that clients show to people as a refusal of the reservation system.
local function refuse(event, text)
    local stanza = event.stanza;
    module:log("warn", "Refused the conference request of %s for %q to %q: %s", stanza.attr.from,
        (conference_request(stanza).attr.room or ""):sub(1, 200), stanza.attr.to, text);
    event.origin.send(st.error_reply(stanza, "cancel", "service-unavailable", text)
        :tag("reservation-error", { xmlns = "http://jitsi.org/protocol/focus", ["error-code"] = "400" }));
    return true;
end

-- Whether an address is exactly what Prosody makes of it, and names a room.
local function is_usual(address)
    local node, host, resource = jid.prepped_split(address);
    return node and not resource and address == jid.join(node, host) and (host == main_muc or host == breakout_muc);
end

-- mod_reservations looks at requests to the bare host only; Jicofo gets those to anything at that host.
local function check_request(event)
    local stanza = event.stanza;
    local conference = conference_request(stanza);
    if not conference then
        return;
    end
    if not loaded then
        return refuse(event, "This video server is not set up.");
    end
    if stanza.attr.to ~= focus or stanza.attr.type ~= "set" then
        return refuse(event, "This conference request is not addressed as it should be.");
    end
    local room = conference.attr.room;
    if not room or #room > 3071 or not is_usual(room_jid_match_rewrite(room)) then
        return refuse(event, "This room's address is not spelled as the video server spells it.");
    end
    underway[stanza] = room_jid_match_rewrite(room);
end

-- Before mod_reservations, which has priority 0.
for _, kind in ipairs({ "host", "bare", "full" }) do
    module:hook("pre-iq/"..kind, check_request, 100);
end
if not loaded then
    module:log("error", "Every conference request is refused: %s", problem);
end
-- Where these are known, rooms stay shut to Jicofo's HTTP, too.
if not main_muc or not focus then
    return;
end

-- A request on its way to Jicofo has passed mod_reservations.
local function note_request(event)
    local stanza = event.stanza;
    local conference = conference_request(stanza);
    local _, from_host = jid.split(stanza.attr.from);
    if not conference or not conference.attr.room or stanza.attr.to ~= focus or not guarded[from_host] then
        return;
    end
    -- The answer came when the room was made and destroyed again meanwhile: mod_reservations has forgotten the terms.
    if underway[stanza] == false then
        event.origin.send(st.error_reply(stanza, "wait", "resource-constraint", "Please try again."));
        return true;
    end
    local room = room_jid_match_rewrite(conference.attr.room);
    local _, host = jid.split(room);
    if host == main_muc and not get_room_from_jid(room) then
        requested[room] = now();
    end
end

-- The address that Jicofo signs in with, where it is behind a proxy component, as in all of Jitsi's set-ups of today.
local function jicofo_of()
    return module:context(focus):get_option_string("target_address");
end

-- A room is made by Jicofo, right after the request.
local function check_creation(event)
    local room = event.room.jid;
    local at = requested[room];
    local maker = jicofo_of();
    if (not maker or jid.bare(event.stanza.attr.from) == maker)
        and (is_healthcheck_room(room) or at and now() - at < patience) then
        return;
    end
    module:log("warn", "Refused to make %s: nobody requested it through a guarded VirtualHost. "
        .."Is conferenceRequestUrl set, or does a VirtualHost lack \"reservations\" and \"reservations_guard\"?", room);
    event.origin.send(st.error_reply(event.stanza, "cancel", "not-allowed", "Nobody requested this room."));
    return true;
end

-- The room of a health check is its maker's, Jicofo's. Over HTTP, anybody may have asked for one.
local function check_entry(event)
    local stanza = event.stanza;
    if is_healthcheck_room(event.room.jid) and event.room:get_affiliation(stanza.attr.from) ~= "owner" then
        event.origin.send(st.error_reply(stanza, "cancel", "not-allowed", "This room is not for people."));
        return true;
    end
end

-- Bridges and recorders have accounts in Prosody, on VirtualHosts that people don't come in by.
local function is_person(address)
    local _, host = jid.split(address);
    return guarded[host] ~= nil or not prosody.hosts[host]
        or not module:context(host):get_option_string("authentication", "internal_hashed"):find("^internal_");
end

-- Rooms for people are in main_muc, and breakout rooms. Elsewhere Jicofo meets bridges and recorders: asked for a
-- meeting there, by HTTP or by its own address, it would make one.
local function check_other_muc(event)
    local from, jicofo = jid.bare(event.stanza.attr.from), jicofo_of();
    for _, occupant in event.room:each_occupant() do
        local other = occupant.bare_jid;
        if from == jicofo and is_person(other) or other == jicofo and is_person(from) then
            event.origin.send(st.error_reply(event.stanza, "cancel", "not-allowed", "This is no place for meetings."));
            return true;
        end
    end
end

-- Requests that still wait for an answer about this room.
local function forget_underway(event)
    for stanza, room in pairs(underway) do
        if room == event.room.jid then
            underway[stanza] = false;
        end
    end
end

-- One request makes one room. Only now, for several VirtualHosts may have had a look at it.
local function forget_request(event)
    requested[event.room.jid] = nil;
end

module:add_timer(patience, function ()
    for room, at in pairs(requested) do
        if now() - at >= patience then
            requested[room] = nil;
        end
    end
    return patience;
end);

local function watch(host)
    if host == focus then
        module:context(host):hook("iq/host", note_request, 100);
    elseif host == main_muc then
        module:context(host):hook("muc-room-pre-create", check_creation, 100);
        module:context(host):hook("muc-room-created", forget_request);
        module:context(host):hook("muc-occupant-pre-join", check_entry, 100);
        module:context(host):hook("muc-room-destroyed", forget_underway);
    elseif host ~= breakout_muc then
        module:context(host):hook("muc-occupant-pre-join", check_other_muc, 100);
    end
end

for host in pairs(prosody.hosts) do
    watch(host);
end
module:hook_global("host-activated", watch);

function module.unload()
    guarded[module.host] = nil;
end

# What people read who come by a join link, and what they are invited with.
# Another language is another file like this one: see CONTRIBUTING.md.

## How days and times are written: a locale, and patterns of strftime.

locale = en_GB
date-pattern = %A, %-d %B %Y
time-pattern = %H:%M

## Parts of every page.

page-title = Video appointment
brand-logo = Logo of { $organisation }
untitled = Your video appointment
with = with { $hosts }
and = and
when-day = Day
when-time = Time
when-from = from { $starts }
when-until = { $starts } to { $ends }
when-until-day = { $starts } until { $last_day }, { $ends }
when-zone = Times in { $zone }
when-here = Times in your time zone
when-booked = Local time there: { $when } ({ $zone })
contact = { $organisation }: { $contact }
calendar = Add to calendar
password = Password of the room
password-help = The video room asks for it.

## The states.

early-title = You are early
early-title-day = Your appointment is still to come
early-lead = The room opens at { $time }. Stay on this page: you will be let in automatically.
early-lead-day = The room opens on { $day } at { $time }. Open this link again then.
early-countdown = Opens in
early-days = { $days ->
    [one] one day
   *[other] { $days } days
}
early-soon = The room opens any moment now.
instead-of = The date on { $day } at { $time } was cancelled. This is the next one.
moved = This date was moved. It was planned for { $day } at { $time }.
occupied-title = One moment, please
occupied-lead = The meeting before yours is still going on. Stay on this page: you will be let in as soon as the room is free, at { $time } at the latest.
open-title = The room is open
open-lead = You can come in.
open-button = Join now
open-entering = You are being let in.
full-title = All rooms are taken
full-lead = Stay on this page: you will be let in as soon as a room is free.
over-title = This appointment is over
over-lead = It was on { $day }. If you need another, ask { $organisation }.
cancelled-title = This appointment was cancelled
cancelled-lead = It was planned for { $day } at { $time }. If you need another, ask { $organisation }.
unplanned-title = The next date is not fixed yet
unplanned-lead = It is too far ahead. Keep this link: it will still be good then.
revoked-title = This link is no longer valid
revoked-lead = Ask { $organisation } for a new one.
switched_off-title = The rooms are switched off
switched_off-lead = { $organisation } has no video rooms at the moment. Please ask there what to do.
unknown-title = This link doesn't work
unknown-lead = Make sure that you have copied all of it, or ask whoever sent it for a new one.
too_many-title = Too many wrong links
too_many-lead = Too many links that lead nowhere were tried from your connection. Please wait a few minutes. A valid link still works.
unready-title = You can't be let in right now
unready-lead = The video room isn't set up as it should be. Please tell { $organisation }.
unavailable-title = One moment, please
unavailable-lead = The service can't be reached right now. Stay on this page: it tries again automatically.
announce-change = Something has changed. The page is loaded again.

## The invitation.

invitation-subject = { $title }: { $day }, { $time }
invitation-hello = Hello { $name },
invitation-hello-guest = Hello,
invitation-lead = { $organisation } invites you to a video appointment.
invitation-lead-with = { $organisation } invites you to a video appointment with { $hosts }.
invitation-when = When
invitation-dates = The next dates
invitation-more = and more
invitation-link = Your link
invitation-button = Join the appointment
invitation-opens = You can come in from { $time } on. The link works in any browser, on a computer and on a phone.
invitation-again = It is the same link for every date.
invitation-personal = The link is yours alone. Please don't pass it on: whoever opens it comes in under your name.
invitation-host = You are the host: whoever opens the link is, too. Please don't pass it on.
invitation-calendar = Video room: { $link }

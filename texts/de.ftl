# Was Leute lesen, die über einen Einladungslink kommen, und womit sie eingeladen werden.

locale = de_DE
date-pattern = %A, %-d. %B %Y
time-pattern = %H:%M

page-title = Videotermin
brand-logo = Logo von { $organisation }
untitled = Ihr Videotermin
with = mit { $hosts }
and = und
when-day = Tag
when-time = Uhrzeit
when-from = ab { $starts } Uhr
when-until = { $starts } bis { $ends } Uhr
when-until-day = { $starts } Uhr bis { $last_day }, { $ends } Uhr
when-zone = Zeiten in { $zone }
when-here = Zeiten in Ihrer Zeitzone
when-booked = Vor Ort: { $when } Uhr ({ $zone })
contact = { $organisation }: { $contact }
calendar = In den Kalender
password = Passwort des Raums
password-help = Der Videoraum fragt danach.

early-title = Sie sind früh dran
early-title-day = Ihr Termin steht noch bevor
early-lead = Der Raum öffnet um { $time } Uhr. Bleiben Sie auf dieser Seite: Sie werden automatisch eingelassen.
early-lead-day = Der Raum öffnet am { $day } um { $time } Uhr. Öffnen Sie diesen Link dann wieder.
early-countdown = Öffnet in
early-days = { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
}
early-soon = Der Raum öffnet jeden Augenblick.
instead-of = Der Termin am { $day } um { $time } Uhr wurde abgesagt. Dies ist der nächste.
moved = Dieser Termin wurde verschoben. Geplant war er am { $day } um { $time } Uhr.
occupied-title = Einen Moment, bitte
occupied-lead = Der Termin vor Ihrem dauert noch an. Bleiben Sie auf dieser Seite: Sie werden eingelassen, sobald der Raum frei ist, spätestens um { $time } Uhr.
open-title = Der Raum ist offen
open-lead = Sie können jetzt beitreten.
open-button = Jetzt teilnehmen
open-entering = Sie werden eingelassen.
full-title = Alle Räume sind belegt
full-lead = Bleiben Sie auf dieser Seite: Sie werden eingelassen, sobald ein Raum frei ist.
over-title = Dieser Termin ist vorbei
over-lead = Er war am { $day }. Wenn Sie einen neuen brauchen, fragen Sie bei { $organisation } nach.
cancelled-title = Dieser Termin wurde abgesagt
cancelled-lead = Geplant war er am { $day } um { $time } Uhr. Wenn Sie einen neuen brauchen, fragen Sie bei { $organisation } nach.
unplanned-title = Der nächste Termin steht noch nicht fest
unplanned-lead = Er liegt noch zu weit in der Zukunft. Bewahren Sie diesen Link auf, er gilt auch dann.
revoked-title = Dieser Link gilt nicht mehr
revoked-lead = Bitten Sie { $organisation } um einen neuen.
switched_off-title = Die Räume sind abgeschaltet
switched_off-lead = { $organisation } hat zurzeit keine Videoräume. Bitte fragen Sie dort nach.
unknown-title = Dieser Link stimmt nicht
unknown-lead = Prüfen Sie, ob Sie ihn vollständig kopiert haben, oder bitten Sie um einen neuen.
too_many-title = Zu viele falsche Links
too_many-lead = Von Ihrem Anschluss wurden zu viele Links versucht, die ins Leere führen. Bitte warten Sie ein paar Minuten. Ein gültiger Link funktioniert trotzdem.
unready-title = Sie können gerade nicht eingelassen werden
unready-lead = Der Videoraum ist nicht fertig eingerichtet. Bitte sagen Sie { $organisation } Bescheid.
unavailable-title = Einen Moment, bitte
unavailable-lead = Der Dienst ist gerade nicht erreichbar. Bleiben Sie auf dieser Seite: Es wird automatisch noch einmal versucht.
announce-change = Etwas hat sich geändert. Die Seite wird neu geladen.

invitation-subject = { $title }: { $day }, { $time } Uhr
invitation-hello = Guten Tag { $name },
invitation-hello-guest = Guten Tag,
invitation-lead = { $organisation } lädt Sie zu einem Videotermin ein.
invitation-lead-with = { $organisation } lädt Sie zu einem Videotermin mit { $hosts } ein.
invitation-when = Wann
invitation-dates = Die nächsten Termine
invitation-more = und weitere
invitation-link = Ihr Link
invitation-button = Am Termin teilnehmen
invitation-opens = Ab { $time } Uhr können Sie beitreten. Der Link funktioniert in jedem Browser, am Computer und am Handy.
invitation-again = Der Link ist für jeden Termin derselbe.
invitation-personal = Der Link ist nur für Sie. Bitte geben Sie ihn nicht weiter: Wer ihn öffnet, nimmt unter Ihrem Namen teil.
invitation-host = Sie leiten den Termin, und das könnte jeder, der diesen Link öffnet. Bitte geben Sie ihn nicht weiter.
invitation-calendar = Videoraum: { $link }

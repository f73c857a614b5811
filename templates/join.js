(() => {
  'use strict';
  const page = document.body;
  const data = page.dataset;
  const news = document.getElementById('news');
  const speak = name => { news.textContent = news.dataset[name]; };

  // Times where the visitor is, in the visitor's own way of writing them.
  const written = document.documentElement.lang;
  const locale = (navigator.language || '').split('-')[0] === written ? navigator.language : data.locale;
  const styles = { day: { dateStyle: 'full' }, time: { timeStyle: 'short' } };
  let moved = false;
  for (const element of document.querySelectorAll('time[data-show]')) {
    const here = new Intl.DateTimeFormat(locale, styles[element.dataset.show]).format(new Date(element.dateTime));
    if (element.dataset.show === 'time') {
      const there = element.textContent.trim();
      const same = new Date(element.dateTime).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
      moved = moved || same !== there;
    }
    element.textContent = here;
  }
  const zone = document.getElementById('zone');
  if (zone) {
    // As it is called on that day: there is a name for summer, and one for winter.
    const day = new Date(document.querySelector('section time').dateTime);
    const name = new Intl.DateTimeFormat(locale, { timeZoneName: 'long' }).formatToParts(day)
      .find(part => part.type === 'timeZoneName');
    zone.textContent = zone.dataset.here + (name ? ' (' + name.value + ')' : '');
    document.getElementById('booked').hidden = !moved;
  }

  if ('enter' in data) {
    speak('entering');
    page.querySelector('form').requestSubmit();
    return;
  }

  // How much time is left is told by the service: the clock here may be wrong.
  const countdown = document.getElementById('countdown');
  const opens = performance.now() + Number(data.opensIn);
  const tick = () => {
    const left = Math.max(0, Math.ceil((opens - performance.now()) / 1000));
    const pad = number => String(number).padStart(2, '0');
    const hours = Math.floor(left / 3600);
    if (left < 86400) {
      countdown.textContent = (hours ? hours + ':' + pad(Math.floor(left / 60) % 60) : Math.floor(left / 60)) + ':' + pad(left % 60);
    }
    if (left === 0 && !news.textContent) speak('soon');
  };
  if (countdown) {
    countdown.parentElement.hidden = false;
    tick();
    setInterval(tick, 1000);
  }

  // Everybody who waits asks at a moment of their own.
  const here = location.href.split(/[?#]/)[0].replace(/\/+$/, '');
  const ask = async () => {
    let next = Number(data.poll) * 1000;
    try {
      const answer = await fetch(here + '/state', { cache: 'no-store' });
      if (answer.ok) {
        const now = await answer.json();
        if (now.state === 'open' || now.version !== data.version) {
          speak(now.state === 'open' ? 'entering' : 'changed');
          // Not reload(): that would ask whether to send the form again, where this came as the answer to one.
          location.replace(here);
          return;
        }
        if (now.refresh) next = now.refresh * 1000;
      } else if (answer.status === 404) {
        location.replace(here);
        return;
      }
    } catch (error) {
      // The network is away for a moment: it is asked again.
    }
    later(next);
  };
  let asking;
  const later = wait => {
    const left = opens - performance.now();
    if (left > 0) wait = Math.min(wait, left);
    clearTimeout(asking);
    asking = setTimeout(ask, Math.max(1000, wait) + Math.random() * 1500);
  };
  if (data.poll) later(Number(data.poll) * 1000);
  // Timers sleep in a phone's pocket.
  document.addEventListener('visibilitychange', () => { if (data.poll && !document.hidden) ask(); });
})();

// Booking works without script. With it, a form is sent once however often its button is pressed, and says so.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!('once' in form.dataset)) return;
  if (form.getAttribute('aria-busy') === 'true') {
    event.preventDefault();
    return;
  }
  form.setAttribute('aria-busy', 'true');
  event.submitter?.setAttribute('aria-busy', 'true');
});

// Coming back by the browser's own cache shows the page as it was left: let its buttons work again.
window.addEventListener('pageshow', () => {
  document.querySelectorAll('[aria-busy]').forEach((element) => element.removeAttribute('aria-busy'));
});

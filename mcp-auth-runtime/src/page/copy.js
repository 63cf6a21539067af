// Shows the buttons that copy, where the browser lets a page copy. Without it the text can be selected.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    const said = button.parentElement.querySelector('[role=status]');
    button.hidden = false;
    button.addEventListener('click', async () => {
      const source = document.getElementById(button.dataset.copy);
      said.textContent = ''; // or the same word would not be announced again
      try {
        await navigator.clipboard.writeText(source.textContent);
        said.textContent = button.dataset.copied;
      } catch {
        getSelection().selectAllChildren(source);
        said.textContent = button.dataset.selected;
      }
    });
  }
}

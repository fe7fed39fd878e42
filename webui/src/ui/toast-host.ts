/**
 * The element that messages stand in. It is always within the topmost open dialog: what is outside a modal dialog lies
 * behind its backdrop, and could not be pressed.
 */
export const toastHost = document.createElement('div');
const dialogs: HTMLElement[] = [];

const place = () => (dialogs.at(-1) ?? document.body).append(toastHost);
place();

/** Takes the messages into a dialog that opens; what it returns takes them out again. */
export function raiseToasts(dialog: HTMLElement): () => void {
  dialogs.push(dialog);
  place();
  return () => {
    dialogs.splice(dialogs.indexOf(dialog), 1);
    place();
  };
}

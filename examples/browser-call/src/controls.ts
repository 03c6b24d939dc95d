import { Media } from "./media.js";
import { find, notice } from "./page.js";
import { deviceProblem } from "./problems.js";

/** The row of buttons below the stage. */
export class Controls {
  readonly #camera = find("#camera");
  readonly #microphone = find("#microphone");
  readonly #screen = find("#screen");

  constructor(
    private readonly media: Media,
    leave: () => void,
  ) {
    this.#screen.hidden = !Media.hasScreen;
    const toggle = (button: HTMLElement, device: "camera" | "microphone" | "screen", work: () => Promise<void>) =>
      button.addEventListener("click", () => {
        work().catch((error: unknown) => {
          const problem = deviceProblem(device, error);
          if (problem) notice(problem);
        });
      });
    toggle(this.#camera, "camera", () => media.toggleCamera());
    toggle(this.#microphone, "microphone", () => media.toggleMicrophone());
    toggle(this.#screen, "screen", () => media.toggleScreen());
    find("#leave").addEventListener("click", leave);
  }

  /** Shows which devices are on. */
  update(): void {
    const { picture, microphone } = this.media;
    press(this.#camera, picture === "camera");
    press(this.#microphone, microphone);
    press(this.#screen, picture === "screen");
  }
}

function press(button: HTMLElement, pressed: boolean): void {
  button.setAttribute("aria-pressed", String(pressed));
}

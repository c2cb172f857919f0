/**
 * What importing the kit does in a notebook: the interrupt button would otherwise end the kernel with
 * everything in it. In an ordinary program it does nothing.
 *
 * @module
 */
import { catchInterrupts } from "./interrupt.ts";

catchInterrupts();

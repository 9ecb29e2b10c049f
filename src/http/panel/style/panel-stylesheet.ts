import { theme } from '../../pages/theme.ts';
import { controls } from './controls.ts';
import { frame } from './frame.ts';
import { parts } from './parts.ts';
import { tables } from './tables.ts';

/** The control panel’s stylesheet, in the colours of the other pages. It needs no font or image, and no inline style. */
export const panelStylesheet = [theme, frame, controls, tables, parts].join('\n');

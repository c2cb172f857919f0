/** One line or set of points of a figure; the part of Plotly's schema that this project draws with. */
export interface Trace {
  readonly type: "scatter";
  readonly mode: "lines" | "markers" | "lines+markers" | "markers+text";
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Lengths of the error bars upwards and downwards; null where a point has none. */
  readonly error_y?: {
    readonly visible?: boolean;
    readonly type: "data";
    readonly symmetric: false;
    readonly array: readonly (number | null)[];
    readonly arrayminus: readonly (number | null)[];
    readonly thickness: number;
    readonly width: number;
  };
  /** The same for bars to the right and to the left. */
  readonly error_x?: Trace["error_y"];
  /** Where points stand, when they are drawn beside their place so that no bar hides another. */
  readonly customdata?: readonly number[];
  readonly text?: readonly string[];
  readonly textposition?: string;
  readonly hovertemplate?: string;
  readonly line?: Readonly<{ color?: string; width?: number; dash?: string; shape?: string }>;
  readonly marker?: Readonly<{ color?: string; size?: number; symbol?: string }>;
  readonly legendgroup?: string;
  readonly showlegend?: boolean;
  readonly opacity?: number;
  readonly xaxis?: string;
  readonly yaxis?: string;
}

/** An axis of a figure. */
export interface Axis {
  readonly type?: "log" | "linear";
  /** On a logarithmic axis these are powers of ten. */
  readonly range?: readonly [number, number];
  readonly tickvals?: readonly number[];
  readonly ticktext?: readonly string[];
  readonly domain?: readonly [number, number];
  readonly anchor?: string;
  readonly matches?: string;
  readonly showticklabels?: boolean;
  readonly zeroline?: boolean;
  readonly zerolinecolor?: string;
  readonly gridcolor?: string;
  readonly linecolor?: string;
  readonly ticks?: string;
  readonly tickangle?: number;
  readonly nticks?: number;
}

/** What surrounds the traces of a figure. */
export interface Layout {
  readonly title: Readonly<Record<string, unknown>>;
  readonly height: number;
  readonly margin: Readonly<{ l: number; r: number; t: number; b: number }>;
  readonly font: Readonly<{ family: string; size: number; color: string }>;
  readonly paper_bgcolor: string;
  readonly plot_bgcolor: string;
  readonly hovermode: "closest";
  readonly showlegend: boolean;
  readonly legend: Readonly<Record<string, unknown>>;
  readonly annotations?: readonly Readonly<Record<string, unknown>>[];
  readonly shapes?: readonly Readonly<Record<string, unknown>>[];
  readonly [axis: `xaxis${string}` | `yaxis${string}`]: Axis;
}

/** A figure as Plotly JSON: plain data that can be stored, sent and drawn anywhere. */
export interface Figure {
  readonly data: readonly Trace[];
  readonly layout: Layout;
}

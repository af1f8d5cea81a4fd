"""Two pictures of a run as SVG: how fresh alerts were, and how many cores were busy. Legible on light and on dark pages."""

from html import escape

from figures import WAYS, percentile

# Distinguishable without colour vision, on white and on black; lines also differ in their dashes.
COLOURS = {"alone": "#808890", "stream": "#1f9e89", "sql": "#d98200", "spark": "#7b6fd0"}
DASHES = {"alone": "2 3", "stream": "", "sql": "8 3", "spark": "1 0"}
WIDTH, HEIGHT = 860, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 56, 52
INK = "#7d8590"
FONT = "font-family=\"system-ui, sans-serif\""


def nice_steps(highest, count=5):
    """Round numbers from 0 to at least `highest`."""
    if highest <= 0:
        return [0, 1]
    raw = highest / count
    power = 10.0 ** len(str(int(raw))) / 10 if raw >= 1 else 0.1
    while raw < power:
        power /= 10
    step = next(step for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power) if step >= raw)
    steps = [0.0]
    while steps[-1] < highest:
        steps.append(round(steps[-1] + step, 10))
    return steps


class Chart:
    def __init__(self, title, x_name, y_name, x_steps, y_steps, log=False):
        self.x_steps, self.y_steps, self.log = x_steps, y_steps, log
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
            f"<title>{escape(title)}</title>",
            self.text(LEFT, 20, title, 15, "start", "bold"),
            self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_name, 13),
            f'<g transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2})">'
            + self.text(16, (TOP + HEIGHT - BOTTOM) / 2, y_name, 13) + "</g>"]
        for step in y_steps:
            y = self.y(step)
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" '
                              'stroke-opacity=".25"/>')
            self.parts.append(self.text(LEFT - 8, y + 4, self.label(step), 12, "end"))
        for step in x_steps:
            self.parts.append(self.text(self.x(step), HEIGHT - BOTTOM + 18, f"{step:g}", 12))
        self.parts.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="{INK}"/>')
        self.legend_x = LEFT

    def label(self, step):
        if not self.log:
            return f"{step:g}"
        return f"{step / 1000:g} s" if step >= 1000 else f"{step:g} ms"

    @staticmethod
    def text(x, y, text, size, anchor="middle", weight="normal", colour=INK):
        return (f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
                f'fill="{colour}">{escape(text)}</text>')

    def x(self, value):
        return LEFT + (value - self.x_steps[0]) / (self.x_steps[-1] - self.x_steps[0]) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        from math import log10
        low, high = self.y_steps[0], self.y_steps[-1]
        if self.log:
            low, high, value = log10(low), log10(high), log10(min(max(value, self.y_steps[0]), self.y_steps[-1]))
        return HEIGHT - BOTTOM - (min(max(value, low), high) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def line(self, points, colour, dash="", width=2.0, opacity=1.0):
        if len(points) > 1:
            path = "M" + "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
            self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}" '
                              f'stroke-dasharray="{dash}" stroke-linejoin="round"/>')

    def band(self, points, colour):
        """Between the lower and the upper value of (x, lower, upper)."""
        if len(points) > 1:
            there = [f"{self.x(x):.1f} {self.y(high):.1f}" for x, _, high in points]
            back = [f"{self.x(x):.1f} {self.y(low):.1f}" for x, low, _ in reversed(points)]
            self.parts.append(f'<path d="M{"L".join(there + back)}Z" fill="{colour}" fill-opacity=".22"/>')

    def legend(self, text, colour, dash=""):
        self.parts.append(f'<line x1="{self.legend_x}" x2="{self.legend_x + 26}" y1="38" y2="38" stroke="{colour}" '
                          f'stroke-width="3" stroke-dasharray="{dash}"/>')
        self.parts.append(self.text(self.legend_x + 32, 42, text, 12, "start"))
        self.legend_x += 48 + 6.6 * len(text)

    def svg(self):
        return "\n".join([*self.parts, "</svg>"]) + "\n"


def by_second(points):
    """(second, 5th, 50th and 95th percentile) of (second, value)."""
    seconds = {}
    for at, value in points:
        seconds.setdefault(int(at), []).append(value)
    return [(second + 0.5, *(percentile(values, share) for share in (0.05, 0.5, 0.95)))
            for second, values in sorted(seconds.items())]


def freshness(ways, document):
    series = {}
    for way in ways:
        points = way.freshness()
        if points:
            began = way.moments("paced")[0]
            series[way.name] = by_second([((at - began) / 1e6, wait) for at, wait in points])
    if not series:
        return None
    last = max(points[-1][0] for points in series.values())
    highest = max(high for points in series.values() for *_, high in points)
    steps = [10.0]
    while steps[-1] < highest:
        steps.append(steps[-1] * 10)
    chart = Chart(f"From commit to alert, at {document['rate']:,} rows a second (median, and 5 to 95 %)",
                  "seconds of the run", "commit to alert", nice_steps(last, 6), steps, log=True)
    for name, points in series.items():
        chart.band([(x, low, high) for x, low, _, high in points], COLOURS[name])
        chart.line([(x, middle) for x, _, middle, _ in points], COLOURS[name])
        text = WAYS[name] + ("" if name == "stream" else f", every {document['interval_s']} s")
        chart.legend(text, COLOURS[name])
    return chart.svg()


def cores(ways, document):
    series = {way.name: way.samples.busy(*way.moments("paced")) for way in ways}
    series = {name: points for name, points in series.items() if len(points) > 1}
    if not series:
        return None
    last = max(points[-1][0] for points in series.values())
    highest = max(max(used for _, used, _ in points) for points in series.values())
    chart = Chart(f"Cores busy, at {document['rate']:,} rows a second (PostgreSQL included; thin: PostgreSQL alone)",
                  "seconds of the run", f"cores of {document['machine']['cores']}", nice_steps(last, 6), nice_steps(highest, 4))
    for name, points in series.items():
        chart.line([(x, used) for x, used, _ in points], COLOURS[name])
        chart.line([(x, postgres) for x, _, postgres in points], COLOURS[name], width=1, opacity=0.8)
        chart.legend(WAYS[name], COLOURS[name])
    return chart.svg()


def pictures(ways, document):
    for name, make in (("freshness.svg", freshness), ("cpu.svg", cores)):
        text = make(ways, document)
        if text:
            yield name, text

/**
 * The one style sheet of the owner pages, inline: nothing is loaded. Every colour is named once for
 * light and once for dark; text has a contrast of at least 4.5 to 1 in both.
 */
export const STYLE = `
:root{color-scheme:light dark;--page:#f4f5f8;--card:#fff;--line:#dfe2ea;--text:#171a21;--soft:#555d6d;
--field:#f4f5f8;--action:#2946d0;--action-over:#1f38b0;--on-action:#fff;--bad:#a11b24;--bad-back:#fdeced;
--warn:#7c4a00;--warn-back:#fff3dc;--good:#11643a;--good-back:#e4f6ec;--shadow:0 1px 2px #171a2114,0 12px 32px #171a2114}
@media (prefers-color-scheme:dark){:root{--page:#0f1217;--card:#181c24;--line:#2c323e;--text:#eceef3;
--soft:#a7afbf;--field:#10141a;--action:#9db2ff;--action-over:#b9c8ff;--on-action:#0d1330;--bad:#ffaab0;
--bad-back:#3b171b;--warn:#ffcf85;--warn-back:#372809;--good:#8fe0b2;--good-back:#10301f;--shadow:none}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--page);color:var(--text);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
-webkit-text-size-adjust:100%;overflow-wrap:anywhere}
header,main,footer{width:100%;max-width:38rem;margin:0 auto;padding:0 1rem}
header{display:flex;align-items:center;gap:.6rem;padding-top:1.5rem;padding-bottom:1rem;color:var(--soft);font-size:.9375rem}
header svg{flex:none;color:var(--action)}
header strong{color:var(--text);font-weight:600}
.card{width:calc(100% - 1.5rem);background:var(--card);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);padding:1.5rem 1.25rem}
h1{font-size:1.5rem;line-height:1.25;letter-spacing:-.015em;margin:.9rem 0 .6rem;text-wrap:balance}
h2{font-size:1rem;line-height:1.4;margin:0 0 .35rem}
p{margin:0 0 .9rem}
.lead{color:var(--soft)}
.badge{display:inline-flex;align-items:center;gap:.5em;margin:0;padding:.2rem .7rem;border-radius:99px;
font-size:.8125rem;font-weight:600;color:var(--soft);background:var(--field)}
.badge::before{content:"";width:.5em;height:.5em;border-radius:50%;background:currentcolor}
.bad{color:var(--bad);background:var(--bad-back)}
.warn{color:var(--warn);background:var(--warn-back)}
.good{color:var(--good);background:var(--good-back)}
dl{margin:1.25rem 0;border:1px solid var(--line);border-radius:12px}
dl div{display:grid;grid-template-columns:4.25rem 1fr;gap:.75rem;align-items:baseline;padding:.5rem .8rem}
dl div+div{border-top:1px solid var(--line)}
dt{color:var(--soft);font-size:.875rem}
dd{margin:0}
dd code{color:var(--soft)}
code,textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9375rem}
ul{margin:0 0 1.25rem;padding-left:1.2rem}
li{margin:.25rem 0}
li::marker{color:var(--soft)}
form{margin:0}
.choice{border-top:1px solid var(--line);margin-top:1.25rem;padding-top:1.25rem}
button{display:block;width:100%;min-height:3.25rem;padding:.7rem 1.25rem;border:1px solid transparent;border-radius:12px;
font:inherit;font-weight:600;font-size:1.0625rem;color:var(--on-action);background:var(--action);cursor:pointer}
button:hover{background:var(--action-over)}
button.quiet{color:var(--text);background:transparent;border-color:var(--soft)}
button.quiet:hover{background:var(--field)}
button[hidden]{display:none}
button[aria-disabled=true]{opacity:.6;cursor:progress}
:focus-visible{outline:3px solid var(--action);outline-offset:3px}
.notice{padding:.75rem .9rem;border-radius:12px;font-weight:600}
label{display:block;font-weight:600;margin-bottom:.35rem}
textarea{display:block;width:100%;margin:0 0 .75rem;padding:.8rem .9rem;border:1px solid var(--soft);border-radius:12px;
color:inherit;background:var(--field);line-height:1.5;word-break:break-all;resize:none;field-sizing:content}
pre{margin:0 0 .6rem;padding:.8rem .9rem;border-radius:12px;background:var(--field);white-space:pre-wrap}
.small{color:var(--soft);font-size:.875rem}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)}
.last{margin-bottom:0}
footer{padding-top:1.25rem;padding-bottom:2rem;color:var(--soft);font-size:.8125rem;text-align:center}
footer p{margin:0 0 .25rem}
.paper{display:none}
@media (min-width:34rem){header{padding-top:3rem}.card{padding:2.25rem}h1{font-size:1.75rem}
dl div{grid-template-columns:7rem 1fr;padding:.6rem 1rem}}
@media (prefers-reduced-motion:no-preference){button{transition:background-color .15s}}
@media print{header,main,footer{display:none}.paper{display:block;padding:2rem}}
`

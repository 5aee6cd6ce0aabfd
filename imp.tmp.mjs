import {enableCompileCache} from 'node:module';import {readFileSync} from 'node:fs';enableCompileCache();
process.removeAllListeners('warning');
const rss=()=>{const s=readFileSync('/proc/self/status','utf8');const v=n=>Number(new RegExp(n+':\\s+(\\d+)').exec(s)[1])/1000;return [v('VmRSS'),v('RssAnon'),v('RssFile')].map(x=>x.toFixed(1)).join('/')};
const b=rss();console.log('base',b);
for(const m of process.argv.slice(2)){const t=performance.now();try{await import(m.startsWith('node/')?'/work/wt/net/'+m:import.meta.resolve?m:m)}catch(e){console.log(m,e.message)};await new Promise(r=>setTimeout(r,50));console.log(m.padEnd(40),rss(),(performance.now()-t).toFixed(0)+'ms')}
console.log(process.memoryUsage())
process.exit()
